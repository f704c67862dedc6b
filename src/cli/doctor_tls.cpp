#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "doctor.hpp"

namespace parley::cli {
namespace {

using Fault = TlsLook::Fault;

struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
    void operator()(SSL* ssl) const { SSL_free(ssl); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

std::string names_of(X509* certificate) {
    std::string out;
    const std::unique_ptr<GENERAL_NAMES, Free> names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()) && out.size() < 200; ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_DNS) continue;
        const auto* text = ASN1_STRING_get0_data(name->d.dNSName);
        out += (out.empty() ? "" : ", ") + std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
    }
    return out.empty() ? "nobody" : out;
}

Fault fault_of(long verified, std::size_t chain, bool self_issued) {
    switch (verified) {
        case X509_V_OK:
            return Fault::none;
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return Fault::expired;
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return Fault::not_yet;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return Fault::wrong_host;
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
            return Fault::self_signed;
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
            return Fault::untrusted;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
            return self_issued ? Fault::self_signed : chain <= 1 ? Fault::incomplete : Fault::untrusted;
        default:
            return Fault::other;
    }
}

// 1: shaken hands. Otherwise what SSL_connect said last.
int shake_hands(SSL* ssl, int fd, TimePoint deadline) {
    int done = 0;
    while ((done = SSL_connect(ssl)) != 1) {
        const int wants = SSL_get_error(ssl, done);
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0 || (wants != SSL_ERROR_WANT_READ && wants != SSL_ERROR_WANT_WRITE)) return done;
        pollfd waiting{fd, static_cast<short>(wants == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT), 0};
        ::poll(&waiting, 1, static_cast<int>(left));
    }
    return done;
}

// What a quiet socket has: -1 nothing yet, 0 its end, else so many bytes.
int take(SSL* ssl, int fd, std::string& into) {
    char buffer[4096];
    if (ssl == nullptr) {
        const auto got = ::read(fd, buffer, sizeof buffer);
        if (got > 0) into.append(buffer, static_cast<std::size_t>(got));
        return got < 0 ? (errno == EAGAIN || errno == EINTR ? -1 : 0) : static_cast<int>(got);
    }
    ERR_clear_error();
    const int got = SSL_read(ssl, buffer, sizeof buffer);
    if (got > 0) {
        into.append(buffer, static_cast<std::size_t>(got));
        return got;
    }
    const int wants = SSL_get_error(ssl, got);
    return wants == SSL_ERROR_WANT_READ || wants == SSL_ERROR_WANT_WRITE ? -1 : 0;
}

// A whole answer: its head and as many bytes as it promised.
bool whole(const std::string& answer) {
    const auto end = answer.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    const auto length = answer.find("ontent-Length: ");
    const auto promised = length == std::string::npos || length > end ? 0UL : std::strtoul(answer.c_str() + length + 15, nullptr, 10);
    return answer.size() >= end + 4 + promised;
}

}  // namespace

Held hold_idle(int fd, const std::string& tls_host, const std::string& request, std::chrono::seconds hold, std::chrono::seconds within) {
    Held held;
    const TimePoint deadline = Clock::now() + within;
    std::unique_ptr<SSL_CTX, Free> context;
    std::unique_ptr<SSL, Free> ssl;
    if (!tls_host.empty()) {
        context.reset(SSL_CTX_new(TLS_client_method()));
        SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);  // judged elsewhere
        ssl.reset(SSL_new(context.get()));
        SSL_set_tlsext_host_name(ssl.get(), tls_host.c_str());
        SSL_set_fd(ssl.get(), fd);
        if (shake_hands(ssl.get(), fd, deadline) != 1) return held;
    }
    const auto sent = ssl ? SSL_write(ssl.get(), request.data(), static_cast<int>(request.size()))
                          : static_cast<int>(::send(fd, request.data(), request.size(), MSG_NOSIGNAL));
    if (sent != static_cast<int>(request.size())) return held;
    std::string answer;
    TimePoint until = deadline;
    TimePoint quiet_since = Clock::now();
    while (Clock::now() < until) {
        pollfd waiting{fd, POLLIN, 0};
        ::poll(&waiting, 1, 200);
        const int got = take(ssl.get(), fd, answer);
        if (got == 0) {
            if (held.answered) held.closed_after = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - quiet_since);
            return held;
        }
        if (!held.answered && whole(answer)) {
            held.answered = true;
            quiet_since = Clock::now();
            until = quiet_since + hold;
        }
        if (answer.size() > 256UL * 1024) return held;
    }
    return held;
}

TlsLook look_at_tls(int fd, const std::string& host, const std::string& ca_file, std::chrono::seconds within) {
    TlsLook look;
    ERR_clear_error();
    const std::unique_ptr<SSL_CTX, Free> context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    if (ca_file.empty())
        SSL_CTX_set_default_verify_paths(context.get());
    else
        SSL_CTX_load_verify_file(context.get(), ca_file.c_str());
    // The handshake goes on whatever is found, so that everything can be told.
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
    const std::unique_ptr<SSL, Free> ssl(SSL_new(context.get()));
    SSL_set_tlsext_host_name(ssl.get(), host.c_str());
    SSL_set1_host(ssl.get(), host.c_str());
    SSL_set_fd(ssl.get(), fd);
    const auto deadline = Clock::now() + within;
    const int done = shake_hands(ssl.get(), fd, deadline);
    if (done != 1) {
        const unsigned long code = ERR_peek_last_error();
        const char* text = code != 0 ? ERR_reason_error_string(code) : nullptr;
        look.detail = text != nullptr ? text : "the connection was closed in the handshake";
        const int reason = ERR_GET_REASON(code);
        look.fault = reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION || reason == SSL_R_VERSION_TOO_LOW ? Fault::too_old
                                                                                                                                             : Fault::no_tls;
        ERR_clear_error();
        return look;
    }
    const std::unique_ptr<X509, Free> leaf(SSL_get1_peer_certificate(ssl.get()));
    bool self_issued = false;
    if (leaf) {
        look.names = names_of(leaf.get());
        std::tm when{};
        if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf.get()), &when) == 1) look.not_after = WallClock::from_time_t(::timegm(&when));
        self_issued = X509_NAME_cmp(X509_get_subject_name(leaf.get()), X509_get_issuer_name(leaf.get())) == 0;
    }
    if (const auto* chain = SSL_get_peer_cert_chain(ssl.get())) look.chain = static_cast<std::size_t>(sk_X509_num(chain));
    const long verified = SSL_get_verify_result(ssl.get());
    look.fault = fault_of(verified, look.chain, self_issued);
    look.detail = X509_verify_cert_error_string(verified);
    // The callback lets later findings replace earlier ones: a wrong name and an expiry are looked at by themselves too.
    if (leaf && look.not_after < WallClock::now())
        look.fault = Fault::expired;
    else if (leaf && (look.fault == Fault::none || look.fault == Fault::other) && X509_check_host(leaf.get(), host.c_str(), host.size(), 0, nullptr) != 1 &&
             X509_check_ip_asc(leaf.get(), host.c_str(), 0) != 1)
        look.fault = Fault::wrong_host;
    return look;
}

}  // namespace parley::cli
