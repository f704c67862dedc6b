#pragma once
// `parley doctor`: what a wrong set-up gets wrong, each by a check with a name, a sentence and how to mend it.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "parley/gateway/config.hpp"
#include "parley/net/tls_context.hpp"
#include "rest_run.hpp"

namespace parley::cli {

enum class Verdict : std::uint8_t { ok, warn, fail, skipped };
[[nodiscard]] std::string_view name(Verdict verdict);

struct Finding {
    std::string check;  // "address.certificate", "number.voice_url"
    Verdict verdict = Verdict::ok;
    std::string sentence, remedy;
    bool mendable = false;  // by --fix
};
using Findings = std::vector<Finding>;

struct DoctorOptions {
    std::string config;
    gateway::Environment environment;
    std::string ca_file;  // believed instead of the system's authorities when the public address is looked at
    bool online = false;  // ask every vendor
    bool fix = false;
    std::chrono::seconds idle{0};  // how long an idle connection is held; 0: not at all
};

struct Diagnosis {
    Findings findings;
    [[nodiscard]] bool good() const;  // nothing failed
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string json() const;
};
[[nodiscard]] Diagnosis examine(const DoctorOptions& options);

// The parts, in the order they are looked at.
[[nodiscard]] std::optional<gateway::Config> check_configuration(const DoctorOptions& options, Findings& found);
void check_machine(const gateway::Config& config, Findings& found);
// The form of what was given, then whether Twilio takes it, the account's state, and the machine's clock against Twilio's. False: nothing more
// can be asked of the REST interface.
[[nodiscard]] bool check_account(const gateway::Config& config, RestRun* rest, Findings& found);
void check_numbers(const gateway::Config& config, RestRun& rest, bool fix, Findings& found);
void check_address(const gateway::Config& config, const DoctorOptions& options, Findings& found);
void check_vendors(const gateway::Config& config, bool online, Findings& found);

// What is wrong with somebody else's TwiML as an answer to our callers: Start for Connect, a query in a stream's URL, ws for wss. Pure.
[[nodiscard]] Findings check_twiml(const std::string& number, const std::string& where, const std::string& twiml);

// What a TLS server shows of itself.
struct TlsLook {
    enum class Fault : std::uint8_t { none, no_tls, too_old, expired, not_yet, wrong_host, self_signed, incomplete, untrusted, other } fault = Fault::none;
    std::string detail;  // OpenSSL's words
    std::string names;   // whom the certificate is for
    std::chrono::system_clock::time_point not_after{};
    std::size_t chain = 0;  // certificates served
};
// Blocking, on a socket that is connected already.
[[nodiscard]] TlsLook look_at_tls(int fd, const std::string& host, const std::string& ca_file, std::chrono::seconds within);

// Asks once over a connected socket (TLS when `tls_host` is given, believing any certificate) and then keeps quiet for `hold`.
struct Held {
    bool answered = false;                  // and the connection was kept
    std::chrono::seconds closed_after{-1};  // -1: it stood
};
[[nodiscard]] Held hold_idle(int fd, const std::string& tls_host, const std::string& request, std::chrono::seconds hold, std::chrono::seconds within);

}  // namespace parley::cli
