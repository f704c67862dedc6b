#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>

#include "parley/net/http_client.hpp"
#include "parley/net/task.hpp"
#include "parley/net/tls_context.hpp"
#include "parley/vendors/endpoint.hpp"
#include "parley/vendors/failure.hpp"

namespace parley::vendors {

// At most so many connections to one vendor are being opened at a time, in the whole process (catalogue N19). Thread-safe.
class ConnectGate {
public:
    explicit ConnectGate(int most = 20) : most_(most) {}

    class Pass {
    public:
        Pass() = default;
        Pass(Pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
        Pass& operator=(Pass&& other) noexcept {
            leave();
            gate_ = std::exchange(other.gate_, nullptr);
            return *this;
        }
        ~Pass() { leave(); }
        [[nodiscard]] explicit operator bool() const { return gate_ != nullptr; }

    private:
        friend class ConnectGate;
        explicit Pass(ConnectGate* gate) : gate_(gate) {}
        void leave() {
            if (gate_ != nullptr) gate_->inside_.fetch_sub(1);
            gate_ = nullptr;
        }
        ConnectGate* gate_ = nullptr;
    };
    // Empty: full. Whoever wants in tries again after a jittered pause (see wait_turn).
    [[nodiscard]] Pass enter() {
        if (inside_.fetch_add(1) < most_) return Pass(this);
        inside_.fetch_sub(1);
        return {};
    }
    // Tries every 20-60 ms until `deadline`; an empty pass when it passed.
    net::Task<Pass> wait_turn(TimePoint deadline);
    [[nodiscard]] int inside() const { return inside_.load(); }

private:
    int most_;
    std::atomic<int> inside_{0};
};

// What a vendor's client needs of its surroundings. Everything outlives the client and is used on `executor`'s one thread.
struct Link {
    net::asio::any_io_executor executor;
    net::HttpClient* http = nullptr;             // the worker's own
    std::shared_ptr<const net::TlsContext> tls;  // null: the system's authorities
    ConnectGate* gate = nullptr;                 // the vendor's; null: none
};

}  // namespace parley::vendors
