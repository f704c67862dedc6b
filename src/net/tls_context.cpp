#include "parley/net/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>

#include <ctime>
#include <stdexcept>

#include "tls_context_impl.hpp"
#include "tls_session.hpp"

namespace parley::net {
namespace {

// What OpenSSL says of the last failure, without what came before it.
std::string reason() {
    const unsigned long code = ERR_peek_last_error();
    const char* text = code != 0 ? ERR_reason_error_string(code) : nullptr;
    ERR_clear_error();
    return text != nullptr ? text : "unknown reason";
}

std::unique_ptr<TlsContext::Impl> make(const SSL_METHOD* method) {
    auto impl = std::make_unique<TlsContext::Impl>();
    impl->context = SSL_CTX_new(method);
    if (impl->context == nullptr) throw std::runtime_error("TLS context: " + reason());
    SSL_CTX* context = impl->context;
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_TICKET);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    if (SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) throw std::runtime_error("TLS ciphers: " + reason());
    return impl;
}

WallClock::time_point expiry(const X509* certificate) {
    std::tm when{};
    if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &when) != 1) return {};
    return WallClock::from_time_t(::timegm(&when));
}

}  // namespace

TlsContext::TlsContext(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsContext::~TlsContext() = default;

WallClock::time_point TlsContext::not_after() const {
    return impl_->not_after;
}

TlsContext::Handshakes TlsContext::handshakes() const {
    return {.full = impl_->full.load(std::memory_order_relaxed), .resumed = impl_->resumed.load(std::memory_order_relaxed)};
}

std::shared_ptr<const TlsContext> TlsContext::server(const std::string& certificate_file, const std::string& key_file) {
    ERR_clear_error();
    auto impl = make(TLS_server_method());
    SSL_CTX* context = impl->context;
    if (SSL_CTX_use_certificate_chain_file(context, certificate_file.c_str()) != 1) {
        throw std::runtime_error("certificate " + certificate_file + ": " + reason());
    }
    if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw std::runtime_error("private key " + key_file + ": " + reason());
    }
    if (SSL_CTX_check_private_key(context) != 1) throw std::runtime_error("private key " + key_file + " does not belong to " + certificate_file);
    SSL_CTX_set_num_tickets(context, 0);  // calls are long: resumption buys nothing
    impl->not_after = expiry(SSL_CTX_get0_certificate(context));
    return std::make_shared<const TlsContext>(std::move(impl));
}

std::shared_ptr<const TlsContext> TlsContext::client(bool verify, const std::string& ca_file) {
    ERR_clear_error();
    auto impl = make(TLS_client_method());
    SSL_CTX* context = impl->context;
    impl->verify = verify;
    if (verify) {
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
        if (!ca_file.empty()) {
            if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) throw std::runtime_error("CA file " + ca_file + ": " + reason());
        } else if (SSL_CTX_set_default_verify_paths(context) != 1) {
            throw std::runtime_error("system CA certificates: " + reason());
        }
    } else {
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    }
    // A resumed handshake saves a vendor's certificate chain and its signature, on TLS 1.2 a round trip.
    impl->sessions = std::make_unique<SessionStore>();
    SSL_CTX_clear_options(context, SSL_OP_NO_TICKET);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(context, &TlsSession::new_session);
    return std::make_shared<const TlsContext>(std::move(impl));
}

}  // namespace parley::net
