// Reads lines of JSON {"token", "url", "body", "signature"} and answers one a line: what our validator says of a request whose form arrived as `body`.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "parley/twilio/form.hpp"
#include "parley/twilio/signature.hpp"

int main() {
    using namespace parley;
    for (std::string line; std::getline(std::cin, line);) {
        const auto row = nlohmann::json::parse(line);
        const auto form = twilio::parse_form(row["body"].get<std::string>());
        if (!form) {
            std::cout << "unreadable\n";
            continue;
        }
        const twilio::SignatureValidator validator({Secret(row["token"].get<std::string>())});
        const auto signature = row["signature"].get<std::string>();
        std::cout << twilio::to_string(validator.check_form(row["url"].get<std::string>(), *form, signature).outcome) << "\n";
    }
}
