#pragma once
// One TLS connection over memory: ciphertext in, cleartext out and the other way round. It reads no socket, so one
// recv() of the connection feeds many records, and a frame's record leaves with whatever else is queued.

#include <openssl/ssl.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "block_chain.hpp"
#include "parley/net/tls_context.hpp"

namespace parley::net {

class TlsSession {
public:
    enum class State : std::uint8_t { want_input, ready, closed, failed };

    // `out` takes the ciphertext. `server_name`: what the certificate must name (client); empty on the server side.
    // `peer`: whose earlier session is resumed if the context has one, and under what name this one is kept; empty:
    // none.
    TlsSession(std::shared_ptr<const TlsContext> context, bool server, const std::string& server_name, std::string peer, BlockChain& out);
    ~TlsSession();

    // Ciphertext received while shaking hands. ready: application data may flow (some may already lie inside).
    [[nodiscard]] State handshake(std::span<const char> cipher);
    // Decrypts all of `cipher` into `clear`, which must be larger than it by one record (16 KiB). want_input: taken up
    // whole.
    [[nodiscard]] State decrypt(std::span<const char> cipher, std::span<char> clear, std::size_t& produced);
    [[nodiscard]] bool encrypt(std::string_view clear);
    void close_notify();
    [[nodiscard]] bool has_early() const { return !early_.empty(); }  // application data that came with the handshake

    // OpenSSL's call-back: the peer gave a session to come back with.
    static int new_session(SSL* ssl, SSL_SESSION* session);

private:
    static int bio_read(BIO* bio, char* to, int size);
    static int bio_write(BIO* bio, const char* from, int size);
    static long bio_ctrl(BIO* bio, int command, long number, void* pointer);
    static BIO_METHOD* method();

    std::shared_ptr<const TlsContext> context_;
    std::string peer_;
    BlockChain& out_;
    SSL* ssl_ = nullptr;
    std::span<const char> in_;  // what SSL may read now
    std::vector<char> early_;   // came with the end of the handshake
};

}  // namespace parley::net
