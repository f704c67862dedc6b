#pragma once
// What the process tells Prometheus. One `Metrics` a process, handed down by reference; every family is a member, so a
// metric that does not exist does not compile. Label values come from closed sets fixed here or given at start;
// anything else counts as "other" and in parley_metric_label_overflow_total, so the number of series does not grow with
// callers. docs/metrics.md lists all of it.
//
// Counters, gauges and histograms are lock-free and thread-safe. What happens per frame goes to `worker(i)`, plain
// cells written by one thread and read at scrape.

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/base/log.hpp"

namespace parley {

class Counter {
public:
    void add(std::uint64_t n = 1) noexcept { value_.fetch_add(n, std::memory_order_relaxed); }
    // For families named *_seconds_total, which count microseconds inside.
    void add(Duration d) noexcept { add(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(d).count())); }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

class Gauge {
public:
    void set(double v) noexcept { value_.store(v, std::memory_order_relaxed); }
    void add(double v) noexcept { value_.fetch_add(v, std::memory_order_relaxed); }
    [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double> value_{0};
};

// Upper bounds in seconds, ascending; at most 16. The catalogue's letters.
using Buckets = std::span<const double>;
namespace buckets {
inline constexpr std::array<double, 14> kLatency{.005, .01, .025, .05, .075, .1, .25, .5, .75, 1, 2.5, 5, 7.5, 10};
inline constexpr std::array<double, 14> kTurn{.1, .2, .3, .4, .5, .6, .8, 1, 1.25, 1.5, 2, 3, 5, 10};
inline constexpr std::array<double, 14> kGenerative{.01, .02, .04, .08, .16, .32, .64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
inline constexpr std::array<double, 12> kCallLength{1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14400};
inline constexpr std::array<double, 10> kJitter{.0005, .001, .002, .005, .01, .02, .05, .1, .5, 2};
inline constexpr std::array<double, 13> kBuffered{.0005, .001, .005, .01, .02, .05, .1, .15, .2, .5, 1, 2, 10};
}  // namespace buckets

// A copy of a histogram's state; counts[i] are the observations in bucket i, the last one those above every bound.
struct HistogramState {
    std::array<std::uint64_t, 17> counts{};
    double sum = 0;
    [[nodiscard]] std::uint64_t count() const;
};

class Histogram {
public:
    explicit Histogram(Buckets bounds) : bounds_(bounds) {}
    void observe(double seconds) noexcept;
    void observe(Duration d) noexcept { observe(std::chrono::duration<double>(d).count()); }
    [[nodiscard]] HistogramState state() const;

private:
    Buckets bounds_;
    std::array<std::atomic<std::uint64_t>, 17> counts_{};
    std::atomic<double> sum_{0};
};

// One writing thread, any reader: an increment is a load and a store, no bus lock.
class LocalCounter {
public:
    void add(std::uint64_t n = 1) noexcept { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
    void add(Duration d) noexcept { add(static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::microseconds>(d).count())); }
    [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<std::uint64_t> value_{0};
};

class LocalHistogram {
public:
    explicit LocalHistogram(Buckets bounds) : bounds_(bounds) {}
    void observe(Duration d) noexcept;  // a negative duration counts as zero
    void add_to(HistogramState& sum) const;

private:
    Buckets bounds_;
    std::array<std::atomic<std::uint64_t>, 17> counts_{};
    std::atomic<std::uint64_t> sum_ns_{0};
};

// One worker's per-frame facts. Written on that worker's thread only.
struct alignas(64) WorkerMetrics {
    LocalCounter frames_in, frames_out;  // 20 ms media frames
    LocalCounter bytes_in, bytes_out;    // audio payload, not base64
    LocalCounter gap_in, gap_out;        // add(Duration): silence put in where audio was missing
    LocalCounter late_frames;            // written more than 10 ms off schedule
    LocalHistogram pacing_error{buckets::kJitter};
    LocalHistogram inbound_delay{buckets::kJitter};
    LocalHistogram loop_lag{buckets::kJitter};
    Gauge loop_busy;  // 0..1, over the last second
};

namespace detail {

// Closed label sets and the index of a combination; values outside the set count as "other".
class LabelSpace {
public:
    struct Label {
        std::string name;
        std::vector<std::string> values;
    };
    LabelSpace(std::string metric, std::vector<Label> labels, std::function<void(std::string_view metric)> overflow);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t index(std::span<const std::string_view> values) const;
    [[nodiscard]] std::string_view value(std::size_t index, std::size_t label) const;
    [[nodiscard]] bool has_other(std::size_t index) const;
    [[nodiscard]] const std::vector<Label>& labels() const { return labels_; }

private:
    std::string metric_;
    std::vector<Label> labels_;
    std::function<void(std::string_view)> overflow_;
    std::size_t size_ = 1;
};

}  // namespace detail

// One metric with its label combinations. A combination's cell is made when it is first touched and lives as long as
// the process; keep the reference where the same combination is hit often.
template <class Cell>
class Family {
public:
    Family(detail::LabelSpace space, Buckets bounds) : space_(std::move(space)), bounds_(bounds), cells_(space_.size()) {}
    Family(const Family&) = delete;
    Family& operator=(const Family&) = delete;
    ~Family() {
        for (auto& cell : cells_) delete cell.load();
    }

    // As many values as the family has labels, in their order.
    template <class... Values>
    Cell& at(const Values&... values) {
        const std::array<std::string_view, sizeof...(Values)> list{std::string_view(values)...};
        return cell(space_.index(list));
    }
    [[nodiscard]] Cell& cell(std::size_t index) {
        if (Cell* present = cells_[index].load(std::memory_order_acquire)) return *present;
        auto made = make();
        Cell* expected = nullptr;
        if (cells_[index].compare_exchange_strong(expected, made.get(), std::memory_order_acq_rel)) return *made.release();
        return *expected;
    }
    [[nodiscard]] const Cell* peek(std::size_t index) const { return cells_[index].load(std::memory_order_acquire); }
    [[nodiscard]] const detail::LabelSpace& space() const { return space_; }
    [[nodiscard]] Buckets bounds() const { return bounds_; }

private:
    [[nodiscard]] std::unique_ptr<Cell> make() const {
        if constexpr (std::is_constructible_v<Cell, Buckets>) {
            return std::make_unique<Cell>(bounds_);
        } else {
            return std::make_unique<Cell>();
        }
    }
    detail::LabelSpace space_;
    Buckets bounds_;
    std::vector<std::atomic<Cell*>> cells_;
};

using Counters = Family<Counter>;
using Gauges = Family<Gauge>;
using Histograms = Family<Histogram>;

// The label values only the composition root knows.
struct MetricsSettings {
    std::string version, revision, compiler;
    std::size_t workers = 1;
    std::vector<std::string> routes;     // names of route templates, e.g. "voice"
    std::vector<std::string> providers;  // configured names, at most 32; "embedded" is always there
    std::vector<std::string> tenants;
    std::vector<std::string> tools;  // what models may have done, by name, at most 64
};

struct MetricInfo {
    struct Label {
        std::string name;
        std::vector<std::string> values;  // the closed set; empty where it is made at start
    };
    std::string name, type, help;
    std::vector<Label> labels;
};

class Metrics {
    struct Impl;
    std::unique_ptr<Impl> impl_;  // first: the families below register in it

public:
    explicit Metrics(MetricsSettings settings);
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    // Prometheus text exposition 0.0.4. Any thread; scrapes are serialised.
    [[nodiscard]] std::string scrape();
    static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";
    // Runs before each scrape, to bring gauges up to date. Must not call scrape().
    void before_scrape(std::function<void()> hook);
    // parley_log_events_total and parley_log_dropped_total are read from here.
    void watch(const Log& log);
    [[nodiscard]] WorkerMetrics& worker(std::size_t index);  // index < workers
    [[nodiscard]] std::vector<MetricInfo> reference() const;

    // --- process
    Gauges& ready;
    Gauges& draining;
    // --- calls; dir in|out; result and reason as in kResults and kEndReasons
    Gauges& calls_active;  // dir
    Gauges& calls_limit;
    Counters& calls_started;    // dir
    Counters& calls_rejected;   // dir, reason
    Counters& calls_ended;      // dir, result, reason: once for each call started
    Histograms& call_duration;  // dir, result
    Gauges& calls_teardown_overdue;
    // --- HTTP and Twilio's webhooks
    Counters& http_requests;            // route, method, code
    Histograms& http_request_duration;  // route, method, code
    Counters& http_rejected;            // reason
    Counters& webhook_duplicates;
    Counters& webhook_signature_failures;  // reason
    Counters& twilio_errors;               // code
    // --- messages; dir in|out
    Counters& messages;          // dir, outcome
    Counters& message_segments;  // dir
    // --- media streams
    Gauges& streams_active;
    Gauges& preauth_connections;
    Counters& stream_rejected;         // reason
    Counters& stream_protocol_errors;  // kind
    Counters& stream_closed;           // initiator, code_class
    Histograms& stream_attach;
    Histograms& playout_buffered;
    Counters& playout_underrun;  // provider; add(Duration)
    Histograms& stream_send_queue;
    // --- conversation
    Counters& turns;  // outcome
    Histograms& turn_latency;
    Histograms& turn_stage;  // stage
    Histograms& turn_dead_air;
    Counters& fillers_played;       // kind
    Counters& preparations;         // outcome
    Histograms& hold_duration;      // strategy
    Counters& interruptions;        // cause
    Histograms& interruption_stop;  // cause
    // --- what answers; role stt|llm|tts|realtime|tool|bot
    Counters& provider_requests;      // role, provider, outcome
    Histograms& provider_duration;    // role, provider
    Histograms& provider_first_byte;  // role, provider
    Counters& provider_stalls;        // role, provider
    Counters& provider_failovers;     // role, from, to
    Gauges& provider_breaker_state;   // role, provider, state: 1 for the one in force
    Counters& dns_lookups;            // outcome
    Counters& provider_tokens;        // provider, direction
    Counters& provider_characters;    // provider
    Gauges& provider_connections;     // role, provider, state
    // --- resources
    Gauges& admission_state;               // resource, stage: 1 for the stage in force
    Gauges& worker_queue_length;           // pool
    Histograms& worker_queue_wait;         // pool
    Counters& recording_bytes;             // kind
    Counters& store_write_errors;          // kind
    Counters& store_operations;            // op, outcome
    Histograms& store_operation_duration;  // op, outcome
    Gauges& store_spool_bytes;
    Counters& store_facts_dropped;  // kind
    // --- what leaves, and what must not stay
    Counters& outbox_deliveries;  // outcome
    Gauges& outbox_pending;
    Gauges& outbox_oldest;
    Counters& pii_redacted;       // kind
    Counters& retention_deleted;  // kind
    Gauges& live_subscribers;
    Counters& live_dropped;  // reason
    // --- operation
    Gauges& config_last_reload_successful;
    Gauges& config_last_reload_timestamp;
    Gauges& tls_certificate_expiry;  // name
    Counters& security_events;       // kind
    Counters& tool_calls;            // tool, outcome
    Histograms& tool_duration;       // tool
    Counters& dials_ended;           // reason
    Counters& dials_refused;         // reason
    Gauges& dials_active;
    Counters& control_actions;  // action, result
    Counters& clock_jump;
    Histograms& loop_pause;
};

}  // namespace parley
