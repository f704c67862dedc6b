// A form body: parse, write again, parse again; and the signed text is the same for every order of the fields.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "parley/twilio/signature.hpp"

using namespace parley::twilio;

namespace {
void require(bool holds) {
    if (!holds) std::abort();
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const auto form = parse_form(body);
    if (!form) return 0;
    const auto again = parse_form(encode_form(form->fields()));
    if (again) {  // may exceed the encoded limit: escapes are longer than what they stand for
        std::vector<FormField> kept = form->fields();
        std::erase_if(kept, [](const FormField& f) { return f.name.empty() && f.value.empty(); });
        std::vector<FormField> back = again->fields();
        std::erase_if(back, [](const FormField& f) { return f.name.empty() && f.value.empty(); });
        require(kept == back);
    }
    std::vector<FormField> reversed = form->fields();
    std::reverse(reversed.begin(), reversed.end());
    require(signed_parameters(*form) == signed_parameters(Form(reversed)));

    const parley::Secret token("fuzz");
    const SignatureValidator validator({token});
    const std::string url = "https://gw.example.com/v";
    require(validator.check_form(url, *form, sign(token, url + signed_parameters(*form))).ok());
    // The body as a URL: nothing to be found, but it must not crash or hang.
    (void)validator.check_websocket(body, body.substr(0, 28));
    (void)public_request_url("https://gw.example.com/x", body);
    (void)public_request_url(body, "/v");
    return 0;
}
