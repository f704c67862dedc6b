#pragma once
// Keys, certificates and rules of TLS, made once and shared by connections. TLS 1.2 with AEAD suites and 1.3 only; no
// compression, no renegotiation; idle connections give their record buffers back.

#include <cstdint>
#include <memory>
#include <string>

#include "parley/base/clock.hpp"
#include "parley/base/result.hpp"

namespace parley::net {

class TlsContext {
public:
    struct Impl;

    // Certificate chain (PEM, leaf first) and private key (PEM). Throws std::runtime_error that names the file:
    // start-up and reload.
    [[nodiscard]] static std::shared_ptr<const TlsContext> server(const std::string& certificate_file, const std::string& key_file);
    // For connections we open. `ca_file` empty: the system's authorities. Without `verify` anything is believed (tests,
    // doctor).
    [[nodiscard]] static std::shared_ptr<const TlsContext> client(bool verify = true, const std::string& ca_file = {});

    explicit TlsContext(std::unique_ptr<Impl> impl);
    ~TlsContext();

    [[nodiscard]] WallClock::time_point not_after() const;  // of the server certificate; the epoch for a client context
    // Handshakes that ended well; a client context resumes the sessions its peers gave it.
    struct Handshakes {
        std::uint64_t full = 0, resumed = 0;
    };
    [[nodiscard]] Handshakes handshakes() const;
    [[nodiscard]] const Impl& impl() const { return *impl_; }

private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::net
