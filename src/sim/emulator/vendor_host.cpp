#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <list>
#include <thread>

#include "vendor_connection.hpp"

namespace parley::sim {

class VendorHost::Impl {
public:
    Impl(std::shared_ptr<VendorEmulator> vendor, std::shared_ptr<EmulatorWorld> shared, VendorHostOptions options)
        : emulator(std::move(vendor)), world(std::move(shared)), books(options.kept_log), address(options.address) {
        script.set(std::move(options.script));
        for (int i = 0; i < std::max(1, options.threads); ++i) lanes.push_back(std::make_unique<Lane>());
        const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(address), options.port);
        acceptor.emplace(lanes.front()->context, endpoint);
        port = acceptor->local_endpoint().port();
        asio::co_spawn(lanes.front()->context, accept(), asio::detached);
        for (auto& lane : lanes) lane->thread = std::thread([context = &lane->context] { context->run(); });
    }
    ~Impl() { stop(); }

    struct Lane {
        asio::io_context context{1};
        asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
        std::list<EmulatorConnection> connections;  // on its thread only
        bool closing = false;
        std::thread thread;
    };

    Task<> accept() {
        for (std::size_t turn = 0;; ++turn) {
            auto& lane = *lanes[turn % lanes.size()];
            auto [ec, socket] = co_await acceptor->async_accept(lane.context, net::nothrow);
            if (ec == asio::error::operation_aborted || !acceptor->is_open()) co_return;
            if (ec) continue;
            auto taken = std::make_shared<asio::ip::tcp::socket>(std::move(socket));
            asio::post(lane.context, [this, &lane, taken] {
                if (lane.closing) return;
                const auto place = lane.connections.emplace(lane.connections.end(), HostParts{*emulator, *world, script, books}, std::move(*taken));
                asio::co_spawn(lane.context, place->serve(), [&lane, place](std::exception_ptr) { lane.connections.erase(place); });
            });
        }
    }

    void stop() {
        if (stopped.exchange(true)) return;
        asio::post(lanes.front()->context, [this] {
            error_code ignored;
            acceptor->close(ignored);
        });
        for (auto& lane : lanes) {
            asio::post(lane->context, [one = lane.get()] {
                one->closing = true;
                for (auto& connection : one->connections) connection.abandon();
                one->work.reset();
            });
        }
        for (auto& lane : lanes) lane->thread.join();
    }

    std::shared_ptr<VendorEmulator> emulator;
    std::shared_ptr<EmulatorWorld> world;
    FaultScript script;
    HostBooks books;
    std::string address;
    std::uint16_t port = 0;
    std::vector<std::unique_ptr<Lane>> lanes;
    std::optional<asio::ip::tcp::acceptor> acceptor;
    std::atomic<bool> stopped = false;
};

VendorHost::VendorHost(std::shared_ptr<VendorEmulator> emulator, std::shared_ptr<EmulatorWorld> world, VendorHostOptions options)
    : impl_(std::make_unique<Impl>(std::move(emulator), std::move(world), std::move(options))) {}
VendorHost::~VendorHost() = default;

std::uint16_t VendorHost::port() const {
    return impl_->port;
}
std::string VendorHost::url() const {
    return "http://" + impl_->address + ":" + std::to_string(impl_->port);
}
std::string VendorHost::ws_url() const {
    return "ws://" + impl_->address + ":" + std::to_string(impl_->port);
}
void VendorHost::script(std::vector<FaultRule> rules) {
    impl_->script.set(std::move(rules));
}
VendorHost::Counts VendorHost::counts() const {
    return impl_->books.counts();
}
std::vector<LogEntry> VendorHost::log() const {
    return impl_->books.log();
}
std::vector<std::string> VendorHost::received() const {
    std::vector<std::string> out;
    for (auto& entry : impl_->books.log()) {
        if (!entry.body.empty()) out.push_back(std::move(entry.body));
    }
    return out;
}
void VendorHost::stop() {
    impl_->stop();
}

// ---- requests

std::string EmulatorRequest::header(std::string_view lower_case_name) const {
    for (const auto& [name, value] : headers) {
        if (name == lower_case_name) return value;
    }
    return {};
}

std::string EmulatorRequest::parameter(std::string_view name) const {
    for (const auto& [key, value] : query) {
        if (key == name) return value;
    }
    return {};
}

std::vector<std::string> EmulatorRequest::parameters(std::string_view name) const {
    std::vector<std::string> out;
    for (const auto& [key, value] : query) {
        if (key == name) out.push_back(value);
    }
    return out;
}

bool EmulatorRequest::has_parameter(std::string_view name) const {
    for (const auto& one : query) {
        if (one.first == name) return true;
    }
    return false;
}

nlohmann::json EmulatorRequest::json() const {
    return nlohmann::json::parse(body, nullptr, false);
}

std::string EmulatorRequest::id(std::string_view prefix) const {
    char digits[32];
    std::snprintf(digits, sizeof(digits), "%012llx%012llx", static_cast<unsigned long long>(connection), static_cast<unsigned long long>(number));
    return std::string(prefix) + digits;
}

}  // namespace parley::sim
