#include "parley/base/metrics.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <cassert>
#include <deque>
#include <limits>
#include <mutex>
#include <sstream>

#include "metric_labels.hpp"
#include "process_stats.hpp"

namespace parley {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
namespace ml = metric_labels;

std::uint64_t HistogramState::count() const {
    std::uint64_t n = 0;
    for (const auto c : counts) n += c;
    return n;
}

namespace {

// Families of few combinations are shown in full from the start, so that a rate over the first event is right.
constexpr std::size_t kShownFromStart = 64;
constexpr std::size_t kHistogramsShownFromStart = 8;

std::size_t bucket_of(Buckets bounds, double seconds) {
    std::size_t i = 0;
    while (i < bounds.size() && seconds > bounds[i]) ++i;
    return i;
}

ClientMetric::Histogram to_prometheus(const HistogramState& state, Buckets bounds) {
    ClientMetric::Histogram result;
    std::uint64_t below = 0;
    for (std::size_t i = 0; i <= bounds.size(); ++i) {
        below += state.counts[i];
        result.bucket.push_back({below, i < bounds.size() ? bounds[i] : std::numeric_limits<double>::infinity()});
    }
    result.sample_count = below;
    result.sample_sum = state.sum;
    return result;
}

template <std::size_t N>
detail::LabelSpace::Label label(std::string name, const std::array<std::string_view, N>& values) {
    return {std::move(name), {values.begin(), values.end()}};
}

detail::LabelSpace::Label label(std::string name, std::vector<std::string> values, std::size_t most) {
    std::sort(values.begin(), values.end());
    values.erase(std::unique(values.begin(), values.end()), values.end());
    if (values.size() > most) values.resize(most);
    return {std::move(name), std::move(values)};
}

std::vector<std::string> with_embedded(std::vector<std::string> providers) {
    providers.emplace_back("embedded");
    return providers;
}

}  // namespace

void Histogram::observe(double seconds) noexcept {
    counts_[bucket_of(bounds_, seconds)].fetch_add(1, std::memory_order_relaxed);
    sum_.fetch_add(seconds, std::memory_order_relaxed);
}

HistogramState Histogram::state() const {
    HistogramState s;
    for (std::size_t i = 0; i < counts_.size(); ++i) s.counts[i] = counts_[i].load(std::memory_order_relaxed);
    s.sum = sum_.load(std::memory_order_relaxed);
    return s;
}

void LocalHistogram::observe(Duration d) noexcept {
    if (d < Duration::zero()) d = Duration::zero();
    auto& cell = counts_[bucket_of(bounds_, std::chrono::duration<double>(d).count())];
    cell.store(cell.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    const auto ns = static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(d).count());
    sum_ns_.store(sum_ns_.load(std::memory_order_relaxed) + ns, std::memory_order_relaxed);
}

void LocalHistogram::add_to(HistogramState& sum) const {
    for (std::size_t i = 0; i < counts_.size(); ++i) sum.counts[i] += counts_[i].load(std::memory_order_relaxed);
    sum.sum += static_cast<double>(sum_ns_.load(std::memory_order_relaxed)) * 1e-9;
}

namespace detail {

LabelSpace::LabelSpace(std::string metric, std::vector<Label> labels, std::function<void(std::string_view)> overflow)
    : metric_(std::move(metric)), labels_(std::move(labels)), overflow_(std::move(overflow)) {
    for (auto& l : labels_) {
        std::erase(l.values, "other");
        l.values.emplace_back("other");  // the last one
        size_ *= l.values.size();
    }
}

std::size_t LabelSpace::index(std::span<const std::string_view> values) const {
    assert(values.size() == labels_.size());
    std::size_t result = 0;
    for (std::size_t i = 0; i < labels_.size(); ++i) {
        const auto& known = labels_[i].values;
        std::size_t at = known.size() - 1;
        if (i < values.size()) {
            const auto found = std::find(known.begin(), known.end(), values[i]);
            if (found == known.end()) {
                if (overflow_) overflow_(metric_);
            } else {
                at = static_cast<std::size_t>(found - known.begin());
            }
        }
        result = result * known.size() + at;
    }
    return result;
}

std::string_view LabelSpace::value(std::size_t index, std::size_t label) const {
    for (std::size_t i = labels_.size() - 1; i > label; --i) index /= labels_[i].values.size();
    return labels_[label].values[index % labels_[label].values.size()];
}

bool LabelSpace::has_other(std::size_t index) const {
    for (std::size_t i = 0; i < labels_.size(); ++i) {
        if (value(index, i) == "other") return true;
    }
    return false;
}

}  // namespace detail

struct Metrics::Impl {
    using Labels = std::vector<detail::LabelSpace::Label>;

    struct Entry {
        MetricInfo info;
        std::function<void(MetricFamily&)> collect;
    };

    explicit Impl(MetricsSettings s) : settings(std::move(s)), workers(std::max<std::size_t>(settings.workers, 1)) {}

    static MetricType type_of(std::string_view type) {
        return type == "counter" ? MetricType::Counter : type == "gauge" ? MetricType::Gauge : MetricType::Histogram;
    }

    void add_entry(std::string name, std::string type, std::string help, std::vector<MetricInfo::Label> labels, std::function<void(MetricFamily&)> collect) {
        entries.push_back({{std::move(name), std::move(type), std::move(help), std::move(labels)}, std::move(collect)});
    }

    template <class Cell>
    Family<Cell>& make(std::deque<Family<Cell>>& store, std::string name, const char* type, std::string help, Labels labels, Buckets bounds = {}) {
        std::vector<MetricInfo::Label> names;
        for (const auto& l : labels) names.push_back({l.name, l.values});
        detail::LabelSpace space(name, std::move(labels), [this](std::string_view metric) { overflowed(metric); });
        Family<Cell>& family = store.emplace_back(std::move(space), bounds);
        // A time stamp of zero would read as "expired".
        const bool shown =
            !name.ends_with("_timestamp_seconds") && family.space().size() <= (std::is_same_v<Cell, Histogram> ? kHistogramsShownFromStart : kShownFromStart);
        if (shown) {
            for (std::size_t i = 0; i < family.space().size(); ++i) {
                if (!family.space().has_other(i)) (void)family.cell(i);
            }
        }
        // Counters of time count microseconds inside.
        [[maybe_unused]] const double scale = name.ends_with("_seconds_total") ? 1e-6 : 1.0;
        add_entry(std::move(name), type, std::move(help), std::move(names), [&family, scale](MetricFamily& out) {
            static_cast<void>(scale);
            for (std::size_t i = 0; i < family.space().size(); ++i) {
                const Cell* cell = family.peek(i);
                if (!cell) continue;
                ClientMetric m;
                for (std::size_t l = 0; l < family.space().labels().size(); ++l) {
                    m.label.push_back({family.space().labels()[l].name, std::string(family.space().value(i, l))});
                }
                if constexpr (std::is_same_v<Cell, Counter>) m.counter.value = static_cast<double>(cell->value()) * scale;
                if constexpr (std::is_same_v<Cell, Gauge>) m.gauge.value = cell->value();
                if constexpr (std::is_same_v<Cell, Histogram>) m.histogram = to_prometheus(cell->state(), family.bounds());
                out.metric.push_back(std::move(m));
            }
        });
        return family;
    }

    Counters& counter(std::string name, std::string help, Labels labels = {}) {
        return make(counters, std::move(name), "counter", std::move(help), std::move(labels));
    }
    Gauges& gauge(std::string name, std::string help, Labels labels = {}) { return make(gauges, std::move(name), "gauge", std::move(help), std::move(labels)); }
    Histograms& histogram(std::string name, std::string help, Buckets bounds, Labels labels = {}) {
        return make(histograms, std::move(name), "histogram", std::move(help), std::move(labels), bounds);
    }

    [[nodiscard]] detail::LabelSpace::Label providers() const { return label("provider", with_embedded(settings.providers), 32); }
    [[nodiscard]] detail::LabelSpace::Label tools() const { return label("tool", settings.tools, 64); }
    [[nodiscard]] detail::LabelSpace::Label routes() const { return label("route", settings.routes, 48); }

    void overflowed(std::string_view metric) {
        const std::lock_guard lock(overflow_mutex);
        const auto found = std::find_if(overflows.begin(), overflows.end(), [&](const auto& row) { return row.first == metric; });
        if (found != overflows.end()) {
            ++found->second;
        } else {
            overflows.emplace_back(metric, 1);
        }
    }

    void single(std::string name, const char* type, std::string help, std::function<double()> read) {
        add_entry(std::move(name), type, std::move(help), {}, [type, read = std::move(read)](MetricFamily& out) {
            ClientMetric m;
            (std::string_view(type) == "counter" ? m.counter.value : m.gauge.value) = read();
            out.metric.push_back(std::move(m));
        });
    }

    // Sum over the workers of one local counter each way.
    void in_and_out(std::string name, std::string help, LocalCounter WorkerMetrics::* in, LocalCounter WorkerMetrics::* out, double scale) {
        add_entry(std::move(name), "counter", std::move(help), {{"dir", {"in", "out"}}}, [this, in, out, scale](MetricFamily& family) {
            for (const auto& [dir, member] : {std::pair{"in", in}, std::pair{"out", out}}) {
                std::uint64_t sum = 0;
                for (const auto& w : workers) sum += (w.*member).value();
                ClientMetric m;
                m.label.push_back({"dir", dir});
                m.counter.value = static_cast<double>(sum) * scale;
                family.metric.push_back(std::move(m));
            }
        });
    }

    void over_workers(std::string name, std::string help, LocalHistogram WorkerMetrics::* member) {
        add_entry(std::move(name), "histogram", std::move(help), {}, [this, member](MetricFamily& family) {
            HistogramState sum;
            for (const auto& w : workers) (w.*member).add_to(sum);
            ClientMetric m;
            m.histogram = to_prometheus(sum, buckets::kJitter);
            family.metric.push_back(std::move(m));
        });
    }

    void per_loop(std::string name, const char* type, std::string help, std::function<void(const WorkerMetrics&, ClientMetric&)> read) {
        add_entry(std::move(name), type, std::move(help), {{"loop", {}}}, [this, read = std::move(read)](MetricFamily& family) {
            for (std::size_t i = 0; i < workers.size(); ++i) {
                ClientMetric m;
                m.label.push_back({"loop", std::to_string(i)});
                read(workers[i], m);
                family.metric.push_back(std::move(m));
            }
        });
    }

    void add_process();
    void add_workers();
    void add_log();

    MetricsSettings settings;
    std::deque<WorkerMetrics> workers;
    std::deque<Counters> counters;
    std::deque<Gauges> gauges;
    std::deque<Histograms> histograms;
    std::vector<Entry> entries;

    std::mutex overflow_mutex;
    std::vector<std::pair<std::string, std::uint64_t>> overflows;

    std::mutex scrape_mutex;
    std::vector<std::function<void()>> hooks;
    Log log;
    LogCounts log_counts;
    ProcessStats process;
};

void Metrics::Impl::add_process() {
    add_entry("parley_build_info", "gauge", "1, with what was built as labels.", {{"version", {}}, {"revision", {}}, {"compiler", {}}},
              [this](MetricFamily& f) {
                  ClientMetric m;
                  m.label = {{"version", settings.version}, {"revision", settings.revision}, {"compiler", settings.compiler}};
                  m.gauge.value = 1;
                  f.metric.push_back(std::move(m));
              });
    single("parley_start_time_seconds", "gauge", "When the process started, Unix time.", [this] { return process.start_time_seconds; });
    single("process_start_time_seconds", "gauge", "The same under its standard name.", [this] { return process.start_time_seconds; });
    single("process_cpu_seconds_total", "counter", "User and system time used.", [this] { return process.cpu_seconds; });
    single("process_resident_memory_bytes", "gauge", "Resident set.", [this] { return process.resident_bytes; });
    single("process_virtual_memory_bytes", "gauge", "Address space.", [this] { return process.virtual_bytes; });
    single("process_open_fds", "gauge", "File descriptors open.", [this] { return process.open_fds; });
    single("process_max_fds", "gauge", "File descriptors allowed.", [this] { return process.max_fds; });
    single("process_threads", "gauge", "Threads.", [this] { return process.threads; });
}

void Metrics::Impl::add_workers() {
    in_and_out("parley_media_frames_total", "20 ms media frames.", &WorkerMetrics::frames_in, &WorkerMetrics::frames_out, 1.0);
    in_and_out("parley_media_bytes_total", "Audio payload carried.", &WorkerMetrics::bytes_in, &WorkerMetrics::bytes_out, 1.0);
    in_and_out("parley_media_gap_seconds_total", "Silence put in where audio was missing.", &WorkerMetrics::gap_in, &WorkerMetrics::gap_out, 1e-6);
    single("parley_media_late_frames_total", "counter", "Frames written more than 10 ms off schedule.", [this] {
        std::uint64_t sum = 0;
        for (const auto& w : workers) sum += w.late_frames.value();
        return static_cast<double>(sum);
    });
    over_workers("parley_media_pacing_error_seconds", "How far from its schedule a frame was written.", &WorkerMetrics::pacing_error);
    over_workers("parley_media_inbound_delay_seconds", "Arrival of a frame against its own timestamp.", &WorkerMetrics::inbound_delay);
    per_loop("parley_loop_lag_seconds", "histogram", "How late a timer of the worker's loop fires.", [](const WorkerMetrics& w, ClientMetric& m) {
        HistogramState s;
        w.loop_lag.add_to(s);
        m.histogram = to_prometheus(s, buckets::kJitter);
    });
    per_loop("parley_loop_busy_ratio", "gauge", "Share of the last second the worker was not waiting.",
             [](const WorkerMetrics& w, ClientMetric& m) { m.gauge.value = w.loop_busy.value(); });
}

void Metrics::Impl::add_log() {
    add_entry("parley_log_events_total", "counter", "Log lines asked for, those held back by the rate limit included.",
              {{"level", {"debug", "info", "warn", "error"}}, {"event", {}}}, [this](MetricFamily& f) {
                  for (const auto& row : log_counts.events) {
                      ClientMetric m;
                      m.label = {{"level", std::string(to_string(row.level))}, {"event", row.event}};
                      m.counter.value = static_cast<double>(row.count);
                      f.metric.push_back(std::move(m));
                  }
              });
    add_entry("parley_log_dropped_total", "counter", "Log lines lost: the queue was full, or the descriptor refused them.",
              {{"reason", {"queue_full", "write_failed"}}}, [this](MetricFamily& f) {
                  for (const auto& [reason, n] :
                       {std::pair{ml::kDropReason[0], log_counts.dropped.queue_full}, std::pair{ml::kDropReason[1], log_counts.dropped.write_failed}}) {
                      ClientMetric m;
                      m.label = {{"reason", std::string(reason)}};
                      m.counter.value = static_cast<double>(n);
                      f.metric.push_back(std::move(m));
                  }
              });
    add_entry("parley_metric_label_overflow_total", "counter", "Label values outside their closed set, counted as \"other\".", {{"metric", {}}},
              [this](MetricFamily& f) {
                  const std::lock_guard lock(overflow_mutex);
                  for (const auto& [metric, n] : overflows) {
                      ClientMetric m;
                      m.label = {{"metric", metric}};
                      m.counter.value = static_cast<double>(n);
                      f.metric.push_back(std::move(m));
                  }
              });
}

// clang-format off
Metrics::Metrics(MetricsSettings settings)
    : impl_(std::make_unique<Impl>(std::move(settings))),
      ready(impl_->gauge("parley_ready", "1 while new calls are taken.")),
      draining(impl_->gauge("parley_draining", "1 after the first stop signal.")),
      calls_active(impl_->gauge("parley_calls_active", "Calls in progress.", {label("dir", ml::kDir)})),
      calls_limit(impl_->gauge("parley_calls_limit", "Calls allowed at once (limits.max_calls).")),
      calls_started(impl_->counter("parley_calls_started_total", "Calls whose stream was accepted.", {label("dir", ml::kDir)})),
      calls_rejected(impl_->counter("parley_calls_rejected_total", "Calls refused at the door.", {label("dir", ml::kDir), label("reason", ml::kCallReject)})),
      calls_ended(impl_->counter("parley_calls_ended_total", "Calls ended; exactly one for each started.", {label("dir", ml::kDir), label("result", ml::kResult), label("reason", ml::kEndReason)})),
      call_duration(impl_->histogram("parley_call_duration_seconds", "From accepted stream to end.", buckets::kCallLength, {label("dir", ml::kDir), label("result", ml::kResult)})),
      calls_teardown_overdue(impl_->gauge("parley_calls_teardown_overdue", "Ended calls not freed within 30 s; must be 0.")),
      http_requests(impl_->counter("parley_http_requests_total", "HTTP requests answered.", {impl_->routes(), label("method", ml::kMethod), label("code", ml::kCode)})),
      http_request_duration(impl_->histogram("parley_http_request_duration_seconds", "From the request's first byte to the answer's last.", buckets::kLatency, {impl_->routes(), label("method", ml::kMethod), label("code", ml::kCode)})),
      http_rejected(impl_->counter("parley_http_rejected_total", "Requests refused before a route saw them.", {label("reason", ml::kHttpReject)})),
      webhook_duplicates(impl_->counter("parley_webhook_duplicates_total", "Webhooks answered again with the same TwiML.")),
      webhook_signature_failures(impl_->counter("parley_webhook_signature_failures_total", "Requests whose X-Twilio-Signature did not hold.", {label("reason", ml::kSignature)})),
      twilio_errors(impl_->counter("parley_twilio_errors_total", "Error codes Twilio reported in callbacks.", {label("code", ml::kTwilioError)})),
      messages(impl_->counter("parley_messages_total", "Text messages: received, replied to by TwiML, sent by REST or refused, and what became of those sent.", {label("dir", ml::kDir), label("outcome", ml::kMessage)})),
      message_segments(impl_->counter("parley_message_segments_total", "Segments of these messages.", {label("dir", ml::kDir)})),
      streams_active(impl_->gauge("parley_streams_active", "Media sockets past their start message.")),
      preauth_connections(impl_->gauge("parley_preauth_connections", "Sockets that have not proved themselves yet.")),
      stream_rejected(impl_->counter("parley_stream_rejected_total", "Media sockets refused.", {label("reason", ml::kStreamReject)})),
      stream_protocol_errors(impl_->counter("parley_stream_protocol_errors_total", "Messages on media sockets that broke a rule.", {label("kind", ml::kStreamError)})),
      stream_closed(impl_->counter("parley_stream_closed_total", "Media sockets closed.", {label("initiator", ml::kInitiator), label("code_class", ml::kCloseClass)})),
      stream_attach(impl_->histogram("parley_stream_attach_seconds", "From upgrade to accepted start.", buckets::kLatency)),
      playout_buffered(impl_->histogram("parley_playout_buffered_seconds", "Audio ready but not handed to the carrier, sampled once a second.", buckets::kBuffered)),
      playout_underrun(impl_->counter("parley_playout_underrun_seconds_total", "Time a reply had no audio ready while it was being played.", {impl_->providers()})),
      stream_send_queue(impl_->histogram("parley_stream_send_queue_seconds", "Time queued bytes waited for the peer.", buckets::kBuffered)),
      turns(impl_->counter("parley_turns_total", "Caller turns.", {label("outcome", ml::kTurnOutcome)})),
      turn_latency(impl_->histogram("parley_turn_latency_seconds", "Caller's end of speech to the first frame of the answer.", buckets::kTurn)),
      turn_stage(impl_->histogram("parley_turn_stage_seconds", "The same by stage.", buckets::kTurn, {label("stage", ml::kTurnStage)})),
      turn_dead_air(impl_->histogram("parley_turn_dead_air_seconds", "Speech owed and nothing audible, before a filler.", buckets::kTurn)),
      fillers_played(impl_->counter("parley_fillers_played_total", "Words said to cover a wait.", {label("kind", ml::kFiller)})),
      preparations(impl_->counter("parley_preparations_total", "Preparations of calls, made while their callers were on hold.", {label("outcome", ml::kPreparation)})),
      hold_duration(impl_->histogram("parley_hold_duration_seconds", "How long callers were on hold before the conversation.", buckets::kTurn, {label("strategy", ml::kHoldStrategy)})),
      interruptions(impl_->counter("parley_interruptions_total", "Replies cut short.", {label("cause", ml::kInterruption)})),
      interruption_stop(impl_->histogram("parley_interruption_stop_seconds", "From the decision to the last frame and clear.", buckets::kJitter, {label("cause", ml::kInterruption)})),
      provider_requests(impl_->counter("parley_provider_requests_total", "Requests to engines and vendors.", {label("role", ml::kRole), impl_->providers(), label("outcome", ml::kOutcome)})),
      provider_duration(impl_->histogram("parley_provider_duration_seconds", "Their whole duration.", buckets::kGenerative, {label("role", ml::kRole), impl_->providers()})),
      provider_first_byte(impl_->histogram("parley_provider_first_byte_seconds", "Until the first useful byte.", buckets::kGenerative, {label("role", ml::kRole), impl_->providers()})),
      provider_stalls(impl_->counter("parley_provider_stalls_total", "Requests whose answer stopped coming.", {label("role", ml::kRole), impl_->providers()})),
      provider_failovers(impl_->counter("parley_provider_failovers_total", "Backups that took over.", {label("role", ml::kRole), label("from", with_embedded(impl_->settings.providers), 32), label("to", with_embedded(impl_->settings.providers), 32)})),
      provider_breaker_state(impl_->gauge("parley_provider_breaker_state", "1 for the state a provider's breaker is in.", {label("role", ml::kRole), impl_->providers(), label("state", ml::kBreaker)})),
      dns_lookups(impl_->counter("parley_dns_lookups_total", "Names looked up for outgoing connections.", {label("outcome", ml::kDns)})),
      provider_tokens(impl_->counter("parley_provider_tokens_total", "Tokens as the vendors count them.", {impl_->providers(), label("direction", ml::kDirection)})),
      provider_characters(impl_->counter("parley_provider_characters_total", "Characters given to synthesis.", {impl_->providers()})),
      provider_connections(impl_->gauge("parley_provider_connections", "Sockets to vendors and bots.", {label("role", ml::kRole), impl_->providers(), label("state", ml::kConnection)})),
      admission_state(impl_->gauge("parley_admission_state", "1 for the stage a resource is in.", {label("resource", ml::kResource), label("stage", ml::kStage)})),
      worker_queue_length(impl_->gauge("parley_worker_queue_length", "Jobs waiting in a compute pool.", {label("pool", ml::kPool)})),
      worker_queue_wait(impl_->histogram("parley_worker_queue_wait_seconds", "How long they waited.", buckets::kJitter, {label("pool", ml::kPool)})),
      recording_bytes(impl_->counter("parley_recording_bytes_total", "Bytes of call material written.", {label("kind", ml::kFile)})),
      store_write_errors(impl_->counter("parley_store_write_errors_total", "Writes of call material that failed.", {label("kind", ml::kFile)})),
      store_operations(impl_->counter("parley_store_operations_total", "Transactions and the upkeep of the store.", {label("op", ml::kStoreOp), label("outcome", ml::kStoreOutcome)})),
      store_operation_duration(impl_->histogram("parley_store_operation_duration_seconds", "How long they took, retries included.", buckets::kLatency, {label("op", ml::kStoreOp), label("outcome", ml::kStoreOutcome)})),
      store_spool_bytes(impl_->gauge("parley_store_spool_bytes", "Facts of calls that wait in files for the store to be back.")),
      store_facts_dropped(impl_->counter("parley_store_facts_dropped_total", "Facts of calls for which neither the queue nor the spool had room.", {label("kind", ml::kFactKind)})),
      outbox_deliveries(impl_->counter("parley_outbox_deliveries_total", "Attempts to bring an event to its receiver; deferred: it is failing and left alone.", {label("outcome", ml::kDelivery)})),
      outbox_pending(impl_->gauge("parley_outbox_pending", "Events that are still to be delivered.")),
      outbox_oldest(impl_->gauge("parley_outbox_oldest_seconds", "Age of the oldest of them.")),
      pii_redacted(impl_->counter("parley_pii_redacted_total", "Personal data that was masked before it was kept or shown.", {label("kind", ml::kPii)})),
      retention_deleted(impl_->counter("parley_retention_deleted_total", "What was deleted because its days were over, or because it was asked for.", {label("kind", ml::kKept)})),
      live_subscribers(impl_->gauge("parley_live_subscribers", "Who is watching calls by server-sent events.")),
      live_dropped(impl_->counter("parley_live_dropped_total", "Watchers that were let go.", {label("reason", ml::kWatcher)})),
      config_last_reload_successful(impl_->gauge("parley_config_last_reload_successful", "1 if the last load or reload was taken.")),
      config_last_reload_timestamp(impl_->gauge("parley_config_last_reload_timestamp_seconds", "When that was, Unix time.")),
      tls_certificate_expiry(impl_->gauge("parley_tls_certificate_expiry_timestamp_seconds", "End of a certificate's validity, Unix time.", {label("name", ml::kCertificate)})),
      security_events(impl_->counter("parley_security_events_total", "Attempts that were refused.", {label("kind", ml::kSecurity)})),
      tool_calls(impl_->counter("parley_tool_calls_total", "What models had done, and what became of it.", {impl_->tools(), label("outcome", ml::kToolOutcome)})),
      tool_duration(impl_->histogram("parley_tool_duration_seconds", "How long it took.", buckets::kLatency, {impl_->tools()})),
      dials_ended(impl_->counter("parley_dials_ended_total", "Outbound calls that are over.", {label("reason", ml::kDialReason)})),
      dials_refused(impl_->counter("parley_dials_refused_total", "Outbound calls that a limit did not allow.", {label("reason", ml::kDialRefusal)})),
      dials_active(impl_->gauge("parley_dials_active", "Outbound calls that are not over.")),
      control_actions(impl_->counter("parley_control_actions_total", "What was to be done to calls under way, and what became of it.", {label("action", ml::kControlAction), label("result", ml::kControlResult)})),
      clock_jump(impl_->counter("parley_clock_jump_total", "Jumps of the wall clock against the monotonic one.")),
      loop_pause(impl_->histogram("parley_loop_pause_seconds", "Pauses of the whole process.", buckets::kBuffered)) {
    impl_->add_process();
    impl_->add_workers();
    impl_->add_log();
}
// clang-format on

Metrics::~Metrics() = default;

std::string Metrics::scrape() {
    const std::lock_guard lock(impl_->scrape_mutex);
    for (const auto& hook : impl_->hooks) hook();
    impl_->log_counts = impl_->log.counts();
    impl_->process = read_process_stats();
    std::vector<MetricFamily> families;
    families.reserve(impl_->entries.size());
    for (const auto& entry : impl_->entries) {
        MetricFamily family;
        family.name = entry.info.name;
        family.help = entry.info.help;
        family.type = Impl::type_of(entry.info.type);
        entry.collect(family);
        families.push_back(std::move(family));
    }
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families);
    return std::move(out).str();
}

void Metrics::before_scrape(std::function<void()> hook) {
    const std::lock_guard lock(impl_->scrape_mutex);
    impl_->hooks.push_back(std::move(hook));
}

void Metrics::watch(const Log& log) {
    const std::lock_guard lock(impl_->scrape_mutex);
    impl_->log = log;
}

WorkerMetrics& Metrics::worker(std::size_t index) {
    return impl_->workers.at(index);
}

std::vector<MetricInfo> Metrics::reference() const {
    std::vector<MetricInfo> result;
    for (const auto& entry : impl_->entries) result.push_back(entry.info);
    std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return result;
}

}  // namespace parley
