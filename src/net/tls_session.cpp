#include "tls_session.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "tls_context_impl.hpp"

namespace parley::net {

BIO_METHOD* TlsSession::method() {
    static BIO_METHOD* const method = [] {
        BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "parley memory");
        BIO_meth_set_read(made, &TlsSession::bio_read);
        BIO_meth_set_write(made, &TlsSession::bio_write);
        BIO_meth_set_ctrl(made, &TlsSession::bio_ctrl);
        return made;
    }();
    return method;
}

int TlsSession::bio_read(BIO* bio, char* to, int size) {
    auto& self = *static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (self.in_.empty()) {
        BIO_set_retry_read(bio);
        return -1;
    }
    const std::size_t part = std::min(self.in_.size(), static_cast<std::size_t>(size));
    std::memcpy(to, self.in_.data(), part);
    self.in_ = self.in_.subspan(part);
    return static_cast<int>(part);
}

int TlsSession::bio_write(BIO* bio, const char* from, int size) {
    auto& self = *static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    self.out_.append({from, static_cast<std::size_t>(size)});
    return size;
}

long TlsSession::bio_ctrl(BIO*, int command, long, void*) {
    return command == BIO_CTRL_FLUSH ? 1 : 0;
}

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, bool server, const std::string& server_name, std::string peer, BlockChain& out)
    : context_(std::move(context)), peer_(std::move(peer)), out_(out), ssl_(SSL_new(context_->impl().context)) {
    BIO* bio = ssl_ != nullptr ? BIO_new(method()) : nullptr;
    if (bio == nullptr) {
        SSL_free(ssl_);
        throw std::bad_alloc();
    }
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_, bio, bio);
    if (server) {
        SSL_set_accept_state(ssl_);
        return;
    }
    SSL_set_connect_state(ssl_);
    in6_addr ignored{};
    const bool address = ::inet_pton(AF_INET, server_name.c_str(), &ignored) == 1 || ::inet_pton(AF_INET6, server_name.c_str(), &ignored) == 1;
    if (!address) SSL_set_tlsext_host_name(ssl_, server_name.c_str());  // a literal address is no server name (RFC 6066 3)
    if (context_->impl().verify) {
        if (address) {
            X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl_), server_name.c_str());
        } else {
            SSL_set_hostflags(ssl_, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
            SSL_set1_host(ssl_, server_name.c_str());
        }
    }
    SSL_set_app_data(ssl_, this);  // new_session finds the peer by it
    if (peer_.empty() || context_->impl().sessions == nullptr) return;
    if (SSL_SESSION* earlier = context_->impl().sessions->take(peer_)) {
        SSL_set_session(ssl_, earlier);
        SSL_SESSION_free(earlier);
    }
}

int TlsSession::new_session(SSL* ssl, SSL_SESSION* session) {
    const auto* self = static_cast<const TlsSession*>(SSL_get_app_data(ssl));
    if (self == nullptr || self->peer_.empty() || self->context_->impl().sessions == nullptr) return 0;
    return self->context_->impl().sessions->keep(self->peer_, session) ? 1 : 0;  // 1: the reference is ours now
}

TlsSession::~TlsSession() {
    // OpenSSL spoils the session of a connection that ends without close_notify, a rule TLS dropped with 1.1 (RFC 4346
    // 7.2.1); most of ours end so, by a peer's FIN or a cancelled call.
    if (SSL_is_init_finished(ssl_) == 1) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl_);
}

TlsSession::State TlsSession::handshake(std::span<const char> cipher) {
    ERR_clear_error();
    in_ = cipher;
    const int result = SSL_do_handshake(ssl_);
    if (result == 1) {
        early_.assign(in_.begin(), in_.end());
        in_ = {};
        const auto& impl = context_->impl();
        (SSL_session_reused(ssl_) == 1 ? impl.resumed : impl.full).fetch_add(1, std::memory_order_relaxed);
        return State::ready;
    }
    const int why = SSL_get_error(ssl_, result);
    ERR_clear_error();
    if (why == SSL_ERROR_WANT_READ) return State::want_input;
    // Whatever the reason was, the next one begins anew.
    if (!peer_.empty() && context_->impl().sessions != nullptr) context_->impl().sessions->forget(peer_);
    return State::failed;
}

TlsSession::State TlsSession::decrypt(std::span<const char> cipher, std::span<char> clear, std::size_t& produced) {
    ERR_clear_error();
    produced = 0;
    bool early = !early_.empty();
    in_ = early ? std::span<const char>(early_) : cipher;
    while (true) {
        if (in_.empty() && early) {
            early = false;
            std::vector<char>().swap(early_);
            in_ = cipher;
        }
        if (produced == clear.size()) return State::failed;  // larger than any input can make it
        const int got = SSL_read(ssl_, clear.data() + produced, static_cast<int>(clear.size() - produced));
        if (got > 0) {
            produced += static_cast<std::size_t>(got);
            continue;
        }
        const int why = SSL_get_error(ssl_, got);
        ERR_clear_error();
        if (why == SSL_ERROR_WANT_READ) {
            if (early) continue;
            return State::want_input;
        }
        return why == SSL_ERROR_ZERO_RETURN ? State::closed : State::failed;
    }
}

bool TlsSession::encrypt(std::string_view clear) {
    ERR_clear_error();
    while (!clear.empty()) {
        const int taken = SSL_write(ssl_, clear.data(), static_cast<int>(std::min<std::size_t>(clear.size(), 1 << 20)));
        if (taken <= 0) {
            ERR_clear_error();
            return false;
        }
        clear.remove_prefix(static_cast<std::size_t>(taken));
    }
    return true;
}

void TlsSession::close_notify() {
    ERR_clear_error();
    if (SSL_is_init_finished(ssl_) == 1) SSL_shutdown(ssl_);
    ERR_clear_error();
}

}  // namespace parley::net
