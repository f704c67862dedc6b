// The gateway is killed between bringing an event to its receiver and writing down that it did: the event comes again, under the same id and before any
// later one of its call, and none is lost.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>

#include "gateway_process.hpp"
#include "own_server.hpp"
#include "sounds.hpp"
#include "store_under_test.hpp"

namespace parley::scenarios {
namespace {

using nlohmann::json;

class OutboxKill : public OnEachStore {
protected:
    struct Came {
        std::string id, type, call;
    };
    OutboxKill() {
        std::string pattern = testing::TempDir() + "parley_outbox_XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
        folder_ = pattern;
        receiver_ = std::make_unique<Server>([this](const net::HttpRequest& request) { return take(request); });
        gateway_ = std::make_unique<GatewayProcess>(
            folder_, "gateway", store() + "webhooks: {url: \"" + receiver_->url("/events") + "\", first_pause: 100ms, private_networks: [\"127.0.0.1\"]}\n",
            "  desk: {default: true, brain: echo}\n");
    }
    ~OutboxKill() override {
        gateway_->end();
        receiver_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    net::HttpResponse take(const net::HttpRequest& request) {
        std::unique_lock lock(mutex_);
        open_.wait_for(lock, std::chrono::seconds(8), [this] { return opened_; });
        const auto body = json::parse(request.body, nullptr, false);
        came_.push_back({std::string(request.headers.get("Idempotency-Key")), std::string(request.headers.get("Parley-Event")),
                         body.is_object() ? body["call"].value("sid", "") : ""});
        if (left_ > 0 && --left_ == 0) {
            // Taken; before the answer is out there is nobody left to hear it.
            gateway_->kill();
            killed_ = true;
        }
        return net::HttpResponse(200);
    }
    void open(bool opened) {
        const std::lock_guard lock(mutex_);
        opened_ = opened;
        open_.notify_all();
    }
    bool killed() {
        const std::lock_guard lock(mutex_);
        return killed_;
    }
    std::int64_t count(const std::string& which) { return store_.rows(folder_, which).at(0).integer(0); }

    std::filesystem::path folder_;
    std::mutex mutex_;
    std::condition_variable open_;
    bool opened_ = false, killed_ = false;
    int left_ = 0;
    std::vector<Came> came_;
    std::unique_ptr<Server> receiver_;
    std::unique_ptr<GatewayProcess> gateway_;
};

TEST_P(OutboxKill, SlowAnEventComesAgainInItsOrderAndNoneIsLost) {
    constexpr std::size_t kCalls = 8;
    sim::CarrierOptions options;
    options.account_sid = kAccount;
    options.auth_token = Secret(kToken);
    options.balancer = {kHost, "127.0.0.1", gateway_->port()};
    sim::SimCarrier carrier(options);
    std::vector<sim::SimCarrier::Placed> calls;
    for (std::size_t i = 0; i < kCalls; ++i) {
        sim::CallPlan plan;
        plan.to = kNumber;
        plan.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
        plan.status_callback = std::string("https://") + kHost + "/webhooks/twilio/status";
        plan.scenario = steps({pause(700), hang_up()});
        calls.push_back(carrier.place_call(plan));
    }
    for (auto& call : calls) EXPECT_EQ(call.report.get().status, "completed");
    ASSERT_TRUE(eventually([&] { return count("SELECT COUNT(*) FROM jobs WHERE kind = 'webhook'") >= static_cast<std::int64_t>(2 * kCalls); }));
    // With everything that is to be told lying there, it is killed at one of the first events, and again and again further on.
    for (const int nth : {1, 4, 3}) {
        {
            const std::lock_guard lock(mutex_);
            left_ = nth;
            killed_ = false;
        }
        open(true);
        ASSERT_TRUE(eventually([&] { return killed(); }));
        open(false);
        // The dead one's leases are over (they last a minute).
        store_.open(folder_, false)->transact([](store::Session& session) { session.run("UPDATE jobs SET lease_until_ms = 0 WHERE state = 0"); });
        gateway_->start();
    }
    open(true);
    EXPECT_TRUE(eventually([&] { return count("SELECT COUNT(*) FROM jobs WHERE kind = 'webhook' AND state = 0") == 0; }));
    EXPECT_EQ(count("SELECT COUNT(*) FROM jobs WHERE kind = 'webhook' AND state = 2"), 0) << "none was given up";

    std::map<std::string, std::vector<std::string>> wanted;
    for (const auto& row : store_.rows(folder_, "SELECT ordering, key FROM jobs WHERE kind = 'webhook' ORDER BY id"))
        wanted[row.text(0)].push_back(row.text(1));
    EXPECT_EQ(wanted.size(), kCalls);
    std::map<std::string, std::vector<std::string>> types;
    std::size_t again = 0;
    const std::lock_guard lock(mutex_);
    for (const auto& [call, ids] : wanted) {
        SCOPED_TRACE(call);
        std::size_t next = 0;
        for (const auto& came : came_) {
            if (came.call != call) continue;
            if (next > 0 && came.id == ids[next - 1]) {
                ++again;
                continue;
            }
            ASSERT_LT(next, ids.size()) << came.type;
            EXPECT_EQ(came.id, ids[next]) << came.type << " came out of its order";
            types[call].push_back(came.type);
            ++next;
        }
        EXPECT_EQ(next, ids.size()) << "an event never came";
        ASSERT_FALSE(types[call].empty());
        EXPECT_EQ(types[call].front(), "call.started");
        EXPECT_EQ(types[call].back(), "call.ended");
    }
    EXPECT_GE(again, 3U) << "each time it was killed an event had been taken and was not known to be";
    std::printf("%zu deliveries of %zu calls' events, %zu of them once more\n", came_.size(), kCalls, again);
}

ON_EACH_STORE(OutboxKill);

}  // namespace
}  // namespace parley::scenarios
