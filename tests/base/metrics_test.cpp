#include "parley/base/metrics.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <thread>

#include "reference_file.hpp"

namespace parley {
namespace {

using namespace std::chrono_literals;

MetricsSettings settings() {
    MetricsSettings s;
    s.version = "0.1.0";
    s.revision = "abc";
    s.compiler = "test";
    s.workers = 2;
    s.routes = {"voice", "status"};
    s.providers = {"my-bot"};
    return s;
}

// gmock prints the whole page when a substring is missing; this names the substring only.
testing::AssertionResult shows(const std::string& text, std::string_view part) {
    if (text.find(part) != std::string::npos) return testing::AssertionSuccess();
    const auto name = part.substr(0, part.find_first_of("{ "));
    const auto at = text.find("\n" + std::string(name));
    return testing::AssertionFailure() << "no " << part << "; nearest: " << (at == std::string::npos ? "nothing" : text.substr(at + 1, 300));
}

std::size_t series(const std::string& text) {
    std::size_t n = 0;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) n += !line.empty() && line[0] != '#';
    return n;
}

TEST(MetricsTest, counts_gauges_and_histograms_reach_the_text) {
    Metrics metrics(settings());
    metrics.calls_started.at("in").add();
    metrics.calls_active.at("in").add(2);
    metrics.calls_active.at("in").add(-1);
    metrics.calls_ended.at("in", "success", "caller_hung_up").add();
    metrics.http_request_duration.at("voice", "POST", "200").observe(30ms);
    metrics.playout_underrun.at("embedded").add(1500ms);
    const std::string text = metrics.scrape();
    EXPECT_TRUE(shows(text, "parley_calls_started_total{dir=\"in\"} 1\n"));
    EXPECT_TRUE(shows(text, "parley_calls_active{dir=\"in\"} 1\n"));
    EXPECT_TRUE(shows(text, "parley_calls_ended_total{dir=\"in\",result=\"success\",reason=\"caller_hung_up\"} 1\n"));
    EXPECT_TRUE(shows(text, "parley_playout_underrun_seconds_total{provider=\"embedded\"} 1.5\n"));
    EXPECT_TRUE(shows(text, "parley_http_request_duration_seconds_count{route=\"voice\",method=\"POST\",code=\"200\"} 1\n"));
    EXPECT_TRUE(shows(text, "method=\"POST\",code=\"200\",le=\"0.025\"} 0\n"));
    EXPECT_TRUE(shows(text, "method=\"POST\",code=\"200\",le=\"0.05\"} 1\n"));
    EXPECT_TRUE(shows(text, "method=\"POST\",code=\"200\",le=\"+Inf\"} 1\n"));
    EXPECT_TRUE(shows(text, "parley_build_info{version=\"0.1.0\",revision=\"abc\",compiler=\"test\"} 1\n"));
}

TEST(MetricsTest, small_families_show_zero_from_the_start) {
    Metrics metrics(settings());
    const std::string text = metrics.scrape();
    EXPECT_TRUE(shows(text, "parley_ready 0\n"));
    EXPECT_FALSE(shows(text, "\nparley_tls_certificate_expiry_timestamp_seconds{"));
    EXPECT_TRUE(shows(text, "parley_calls_rejected_total{dir=\"in\",reason=\"capacity\"} 0\n"));
    EXPECT_TRUE(shows(text, "parley_security_events_total{kind=\"bad_signature\"} 0\n"));
    EXPECT_FALSE(shows(text, "=\"other\""));
}

TEST(MetricsTest, worker_cells_are_summed_and_loops_are_told_apart) {
    Metrics metrics(settings());
    metrics.worker(0).frames_in.add(3);
    metrics.worker(1).frames_in.add(4);
    metrics.worker(1).frames_out.add();
    metrics.worker(0).gap_out.add(40ms);
    metrics.worker(0).pacing_error.observe(300us);
    metrics.worker(1).pacing_error.observe(-1ms);
    metrics.worker(1).loop_lag.observe(30ms);
    metrics.worker(1).loop_busy.set(0.25);
    metrics.worker(0).late_frames.add(2);
    const std::string text = metrics.scrape();
    EXPECT_TRUE(shows(text, "parley_media_frames_total{dir=\"in\"} 7\n"));
    EXPECT_TRUE(shows(text, "parley_media_frames_total{dir=\"out\"} 1\n"));
    EXPECT_TRUE(shows(text, "parley_media_gap_seconds_total{dir=\"out\"} 0.04\n"));
    EXPECT_TRUE(shows(text, "parley_media_late_frames_total 2\n"));
    EXPECT_TRUE(shows(text, "parley_media_pacing_error_seconds_bucket{le=\"0.0005\"} 2\n"));
    EXPECT_TRUE(shows(text, "parley_loop_lag_seconds_bucket{loop=\"1\",le=\"0.02\"} 0\n"));
    EXPECT_TRUE(shows(text, "parley_loop_lag_seconds_bucket{loop=\"1\",le=\"0.05\"} 1\n"));
    EXPECT_TRUE(shows(text, "parley_loop_busy_ratio{loop=\"1\"} 0.25\n"));
    EXPECT_THROW((void)metrics.worker(2), std::out_of_range);
}

// Catalogue S34: whatever comes from outside as a label value, the number of series stays.
TEST(MetricsTest, hostile_label_values_make_no_series) {
    Metrics metrics(settings());
    metrics.stream_protocol_errors.at("first overflow").add();
    metrics.http_requests.at("/x", "BREW", "999").add();
    const std::size_t before = series(metrics.scrape());
    for (int i = 0; i < 100'000; ++i) {
        const std::string hostile = "value\"}\n# " + std::to_string(i);
        metrics.stream_protocol_errors.at(hostile).add();
        metrics.http_requests.at(hostile, hostile, hostile).add();
    }
    const std::string text = metrics.scrape();
    EXPECT_EQ(series(text), before);
    EXPECT_TRUE(shows(text, "parley_stream_protocol_errors_total{kind=\"other\"} 100001\n"));
    EXPECT_TRUE(shows(text, "parley_metric_label_overflow_total{metric=\"parley_stream_protocol_errors_total\"} 100001\n"));
    EXPECT_TRUE(shows(text, "parley_metric_label_overflow_total{metric=\"parley_http_requests_total\"} 300003\n"));
}

TEST(MetricsTest, a_configured_list_is_capped) {
    MetricsSettings s = settings();
    for (int i = 0; i < 500; ++i) s.providers.push_back("p" + std::to_string(i));
    Metrics metrics(s);
    EXPECT_EQ(metrics.provider_duration.space().labels().at(1).values.size(), 33U);  // 32 and "other"
}

// Every label value written down in the sources is in its metric's set: a typing mistake would be counted as "other".
TEST(MetricsTest, literal_label_values_in_the_sources_are_known) {
    std::map<std::string, std::set<std::string>> allowed;  // by member name
    for (const auto& info : Metrics(MetricsSettings{}).reference()) {
        std::set<std::string> values{"other"};
        bool closed = !info.labels.empty();
        for (const auto& label : info.labels) {
            closed = closed && label.name != "route" && label.name != "provider" && !label.values.empty();
            values.insert(label.values.begin(), label.values.end());
        }
        std::string member = std::regex_replace(info.name, std::regex("^parley_"), "");
        for (const char* suffix : {"_total", "_seconds", "_timestamp"}) {
            if (member.ends_with(suffix)) member.resize(member.size() - std::string_view(suffix).size());
        }
        if (closed) allowed[member] = std::move(values);
    }
    int checked = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(PARLEY_SOURCE_DIR) + "/src")) {
        if (entry.path().extension() != ".cpp") continue;
        std::ostringstream content;
        content << std::ifstream(entry.path()).rdbuf();
        const std::string text = content.str();
        static const std::regex use(R"(metrics_?\.(\w+)\.at\()");
        for (std::sregex_iterator it(text.begin(), text.end(), use), end; it != end; ++it) {
            const auto known = allowed.find((*it)[1]);
            if (known == allowed.end()) continue;
            int depth = 1;
            for (auto at = static_cast<std::size_t>(it->position() + it->length()); depth > 0 && at < text.size(); ++at) {
                depth += text[at] == '(' ? 1 : text[at] == ')' ? -1 : 0;
                if (text[at] != '"') continue;
                const std::size_t close = text.find('"', at + 1);
                if (depth == 1) {
                    const std::string value = text.substr(at + 1, close - at - 1);
                    EXPECT_TRUE(known->second.contains(value)) << entry.path() << ": " << known->first << " has no label value " << value;
                    ++checked;
                }
                at = close;
            }
        }
    }
    RecordProperty("checked", checked);
}

TEST(MetricsTest, process_figures_are_read) {
    Metrics metrics(settings());
    const std::string text = metrics.scrape();
    std::smatch m;
    for (const char* name : {"process_resident_memory_bytes", "process_open_fds", "process_max_fds", "process_threads", "process_start_time_seconds"}) {
        ASSERT_TRUE(std::regex_search(text, m, std::regex("\n" + std::string(name) + " ([0-9.e+]+)\n"))) << name;
        EXPECT_GT(std::stod(m[1]), 0) << name;
    }
}

TEST(MetricsTest, log_lines_are_counted) {
    LogSettings quiet;
    const Log log = Log::to(quiet, std::make_shared<MemoryLog>());
    Metrics metrics(settings());
    metrics.watch(log);
    log.warn("stream.rejected", "m");
    log.warn("stream.rejected", "m");
    const std::string text = metrics.scrape();
    EXPECT_TRUE(shows(text, "parley_log_events_total{level=\"warn\",event=\"stream.rejected\"} 2\n"));
    EXPECT_TRUE(shows(text, "parley_log_dropped_total{reason=\"queue_full\"} 0\n"));
}

TEST(MetricsTest, hooks_bring_gauges_up_to_date) {
    Metrics metrics(settings());
    int calls = 0;
    metrics.before_scrape([&] { metrics.calls_limit.at().set(++calls); });
    EXPECT_TRUE(shows(metrics.scrape(), "parley_calls_limit 1\n"));
    EXPECT_TRUE(shows(metrics.scrape(), "parley_calls_limit 2\n"));
}

TEST(MetricsTest, may_be_scraped_while_everybody_counts) {
    Metrics metrics(settings());
    std::vector<std::thread> threads;
    for (std::size_t t = 0; t < 2; ++t) {
        threads.emplace_back([&metrics, t] {
            for (int i = 0; i < 20'000; ++i) {
                metrics.worker(t).frames_in.add();
                metrics.http_requests.at("voice", "POST", "200").add();
                metrics.turn_latency.at().observe(1ms);
            }
        });
    }
    for (int i = 0; i < 20; ++i) (void)metrics.scrape();
    for (auto& t : threads) t.join();
    const std::string text = metrics.scrape();
    EXPECT_TRUE(shows(text, "parley_media_frames_total{dir=\"in\"} 40000\n"));
    EXPECT_TRUE(shows(text, "{route=\"voice\",method=\"POST\",code=\"200\"} 40000\n"));
    EXPECT_TRUE(shows(text, "parley_turn_latency_seconds_count 40000\n"));
}

TEST(MetricsTest, names_follow_the_rules) {
    for (const auto& info : Metrics(settings()).reference()) {
        EXPECT_TRUE(std::regex_match(info.name, std::regex("(parley|process)_[a-z0-9_]+"))) << info.name;
        EXPECT_EQ(info.type == "counter", info.name.ends_with("_total")) << info.name;
        if (info.type == "histogram") EXPECT_TRUE(info.name.ends_with("_seconds")) << info.name;
        EXPECT_TRUE(info.help.ends_with('.')) << info.name;
    }
}

// docs/metrics.md lists exactly what is exported.
TEST(MetricsTest, reference_page_is_in_step) {
    std::ostringstream page;
    page << "# Metrics\n\nServed as Prometheus text at `/metrics` on the admin listener. This page is generated from "
            "the code and compared\n"
            "with it by a test (`UPDATE_REFERENCE=1` with that test rewrites it).\n\n"
            "Label values come from closed sets; a value outside its set counts as `other` and in\n"
            "`parley_metric_label_overflow_total`. No label ever carries a call id, a phone number, an address or text "
            "from outside.\n\n"
            "| metric | type | labels | meaning |\n|---|---|---|---|\n";
    std::map<std::string, std::vector<std::string>> sets;
    for (const auto& info : Metrics(MetricsSettings{}).reference()) {
        page << "| `" << info.name << "` | " << info.type << " | ";
        for (std::size_t i = 0; i < info.labels.size(); ++i) page << (i ? ", " : "") << info.labels[i].name;
        page << " | " << info.help << " |\n";
        for (const auto& label : info.labels) {
            if (label.values.size() > 1 && label.name != "route" && label.name != "provider") sets[info.name + " " + label.name] = label.values;
        }
    }
    page << "\n## Label values\n\n`route` is the name of a route, `provider` a configured name or `embedded`, `loop` "
            "the number of a worker, `event` the event of a "
            "log line.\n\n| metric | label | values |\n|---|---|---|\n";
    for (const auto& [key, values] : sets) {
        const auto space = key.find(' ');
        page << "| `" << key.substr(0, space) << "` | " << key.substr(space + 1) << " |";
        for (const auto& value : values) page << " " << value;
        page << " |\n";
    }
    expect_reference_file("docs/metrics.md", page.str());
}

}  // namespace
}  // namespace parley
