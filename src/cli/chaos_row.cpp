#include "chaos_row.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "parley/base/ids.hpp"
#include "parley/gateway/gateway.hpp"
#include "parley/net/http_client.hpp"
#include "parley/sim/fault_proxy.hpp"
#include "parley/sim/gate.hpp"
#include "parley/sim/run_caller.hpp"
#include "parley/vendors/catalogue.hpp"

namespace parley::cli {
namespace {

using namespace std::chrono_literals;
using sim::ChaosRole;

constexpr const char* kHost = "chaos.parley.invalid";  // nobody's: the simulated balancer takes it to loopback
constexpr const char* kNeighbour = "chaos-neighbour";
constexpr const char* kNeighbourNumber = "+15005550006";
constexpr double kHearingSlack = 300;  // ms from the gateway's decision to the caller's ear
constexpr double kNeighbourHole = 60;  // ms: three frames

std::vector<std::string>* names_of(gateway::AgentConfig& agent, ChaosRole role) {
    switch (role) {
        case ChaosRole::stt:
            return &agent.stt;
        case ChaosRole::lm:
            return &agent.lm;
        case ChaosRole::tts:
            return &agent.tts;
        case ChaosRole::s2s:
            return &agent.s2s;
        case ChaosRole::carrier:
            return nullptr;
    }
    return nullptr;
}

constexpr ChaosRole kVendorRoles[] = {ChaosRole::stt, ChaosRole::lm, ChaosRole::tts, ChaosRole::s2s};

// Where the vendor is when the configuration does not say.
std::string address_of(const vendors::Endpoint& endpoint, ChaosRole role) {
    if (!endpoint.base_url.empty()) return endpoint.base_url;
    if (endpoint.vendor == "deepgram" && role == ChaosRole::s2s) return "https://agent.deepgram.com";
    const auto home = vendors::home(endpoint);
    if (home.empty()) throw std::runtime_error("vendors." + endpoint.name + ".base_url is not set, and " + endpoint.vendor + " has no address of its own");
    return home;
}

// What follows scheme and authority.
std::string path_of(const std::string& url) {
    const auto authority = url.find("://");
    const auto slash = url.find('/', authority == std::string::npos ? 0 : authority + 3);
    return slash == std::string::npos ? std::string{} : url.substr(slash);
}

// One endpoint in one role: gateway -> gate -> proxy -> vendor.
struct Stand {
    ChaosRole role = ChaosRole::lm;
    std::size_t position = 0;  // in the role's list
    std::string name;          // the configuration's
    std::unique_ptr<sim::FaultProxy> proxy;
    std::unique_ptr<sim::TcpGate> gate;
};

std::vector<Stand> build_stands(gateway::Config& config, gateway::AgentConfig& agent) {
    std::vector<Stand> stands;
    const auto known = config.vendors;
    for (const auto role : kVendorRoles) {
        auto& names = *names_of(agent, role);
        for (std::size_t i = 0; i < names.size(); ++i) {
            const auto found = std::find_if(known.begin(), known.end(), [&](const auto& one) { return one.name == names[i]; });
            if (found == known.end()) continue;  // the embedded voice
            Stand stand;
            stand.role = role;
            stand.position = i;
            stand.name = names[i];
            const auto address = address_of(*found, role);
            sim::FaultProxyOptions proxy;
            proxy.upstream = address;
            proxy.role = std::string(to_string(role));
            stand.proxy = std::make_unique<sim::FaultProxy>(std::move(proxy));
            sim::GateOptions gate;
            gate.target_port = stand.proxy->port();
            stand.gate = std::make_unique<sim::TcpGate>(gate);
            auto endpoint = *found;
            endpoint.name = names[i] + "." + std::string(to_string(role));
            endpoint.base_url = "http://127.0.0.1:" + std::to_string(stand.gate->port()) + path_of(address);
            names[i] = endpoint.name;
            config.vendors.push_back(std::move(endpoint));
            stands.push_back(std::move(stand));
        }
    }
    return stands;
}

gateway::Config private_config(const ChaosPlan& plan, const std::string& token, const std::filesystem::path& directory, std::vector<Stand>& stands) {
    auto config = plan.config;
    auto agent = *config.agent(plan.agent);
    stands = build_stands(config, agent);
    config.server.listen = {"127.0.0.1", 0};
    config.server.admin_listen = {"127.0.0.1", 0};
    config.server.tls_listen = {};
    config.server.public_url = std::string("https://") + kHost;
    config.server.data_dir = directory;
    config.server.workers = 2;
    config.server.pin_cpus.clear();
    config.server.drain = 0s;
    config.server.drain_accept_grace = 0s;
    config.server.talk_page.clear();
    config.twilio.account_sids.clear();
    config.twilio.auth_tokens.clear();
    config.twilio.auth_tokens.emplace_back(token);
    config.twilio.verify_signatures = true;
    config.recording.enabled = false;
    config.call_files.enabled = true;
    config.call_files.directory = "calls";
    // The neighbours all call at once, from one address.
    const auto callers = static_cast<std::uint32_t>(plan.neighbours) + 10;
    config.limits.admission.new_calls_per_second = std::max(config.limits.admission.new_calls_per_second, 1000.0);
    config.limits.admission.burst = std::max(config.limits.admission.burst, callers);
    config.limits.preauth_connections = std::max(config.limits.preauth_connections, 2 * callers);
    config.limits.preauth_per_address = std::max(config.limits.preauth_per_address, 2 * callers);
    config.limits.admission.max_calls = std::max<std::uint32_t>(config.limits.admission.max_calls, static_cast<std::uint32_t>(plan.neighbours) + 10);
    agent.is_default = true;
    agent.numbers.clear();
    gateway::AgentConfig neighbour;
    neighbour.name = kNeighbour;
    neighbour.brain = gateway::Brain::echo;
    neighbour.numbers = {kNeighbourNumber};
    config.agents.clear();
    config.agents.push_back(std::move(agent));
    config.agents.push_back(std::move(neighbour));
    return config;
}

bool answers(const std::string& url) {
    boost::asio::io_context context;
    net::HttpClient client(context.get_executor());
    bool well = false;
    auto ask = [&]() -> net::Task<> {
        net::HttpCall call("GET", url, 1s);
        auto reply = co_await client.request(std::move(call));
        well = reply && reply->status == 200;
        context.stop();
    };
    boost::asio::co_spawn(context, ask(), boost::asio::detached);
    context.run();
    return well;
}

// A gateway on a thread, stopped by force when it is left.
class Running {
public:
    Running(gateway::Config config, const std::filesystem::path& log_file) {
        LogSettings settings;
        settings.format = LogFormat::json;
        settings.level = LogLevel::info;
        const int fd = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (fd < 0) throw std::runtime_error("cannot write " + log_file.string());
        auto log = Log::open(settings, fd);
        ::close(fd);
        gateway_ = std::make_unique<gateway::Gateway>(std::move(config), std::move(log));
        thread_ = std::thread([this] {
            gateway_->run();
            done_ = true;
        });
        const auto url = "http://127.0.0.1:" + std::to_string(gateway_->admin_port()) + "/readyz";
        const auto until = Clock::now() + 60s;
        while (!answers(url)) {
            if (Clock::now() > until) throw_stopped("the gateway does not become ready");
            std::this_thread::sleep_for(50ms);
        }
    }
    ~Running() { stop(); }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    void stop() {
        if (!thread_.joinable()) return;
        gateway_->stop();
        for (int i = 0; i < 100 && !done_; ++i) std::this_thread::sleep_for(20ms);
        if (!done_) gateway_->stop();
        thread_.join();
    }
    [[nodiscard]] std::uint16_t port() const { return gateway_->public_port(); }

private:
    [[noreturn]] void throw_stopped(const char* why) {
        stop();
        throw std::runtime_error(why);
    }
    std::unique_ptr<gateway::Gateway> gateway_;
    std::atomic<bool> done_ = false;
    std::thread thread_;
};

sim::CarrierOptions carrier_options(const std::string& token, std::uint16_t port) {
    sim::CarrierOptions options;
    options.auth_token = Secret(token);
    options.balancer = {kHost, "127.0.0.1", port};
    return options;
}

sim::CallPlan call_plan() {
    sim::CallPlan plan;
    plan.voice_url = std::string("https://") + kHost + "/webhooks/twilio/voice";
    plan.status_callback = std::string("https://") + kHost + "/webhooks/twilio/status";
    return plan;
}

// Callers of an agent that answers with their own sound: whatever disturbs the pacing of the process makes a hole in
// it.
class Neighbours {
public:
    Neighbours(const std::string& token, std::uint16_t port, int count, std::chrono::milliseconds length) : carrier_(carrier_options(token, port)) {
        auto scenario = std::make_shared<sim::Scenario>();
        scenario->name = "neighbour";
        sim::SayStep say;
        say.text = std::string(static_cast<std::size_t>(length.count() / 60), 'e');  // 60 ms of tone a character
        sim::Step step;
        step.action = say;
        scenario->steps.push_back(step);
        for (int i = 0; i < count; ++i) {
            auto plan = call_plan();
            plan.to = kNeighbourNumber;
            plan.scenario = scenario;
            placed_.push_back(carrier_.place_call(std::move(plan)));
        }
    }
    // The longest hole in each of them, once they are over; negative: it was not a call at all.
    std::vector<double> holes() {
        std::vector<double> out;
        for (auto& one : placed_) {
            const auto report = one.report.get();
            out.push_back(report.answered_ms && report.ended_by != "error" && !report.agent_speech.empty() ? sim::longest_hole(report.heard) : -1);
        }
        return out;
    }

private:
    sim::SimCarrier carrier_;
    std::vector<sim::SimCarrier::Placed> placed_;
};

void inject(const ChaosTask& task, std::vector<Stand>& stands) {
    for (auto& stand : stands) {
        if (stand.role != task.role || (stand.position != 0 && !task.fault.everywhere)) continue;
        if (!task.fault.rules.empty()) stand.proxy->script(task.fault.rules);
        if (task.fault.gate) stand.gate->strike(*task.fault.gate);
    }
}

sim::CallFileTruth call_truth(const std::filesystem::path& directory, const std::string& call_sid) {
    std::error_code ec;
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(directory / "calls", ec)) {
        if (!entry.path().filename().string().starts_with(call_sid)) continue;
        std::ifstream in(entry.path());
        std::stringstream text;
        text << in.rdbuf();
        all += text.str();
    }
    return sim::read_call_truth(all);
}

// The endpoint that did the role's last piece of work.
std::string last_to_deliver(const std::vector<Stand>& stands, ChaosRole role) {
    std::string name;
    std::chrono::steady_clock::time_point latest{};
    for (const auto& stand : stands) {
        if (stand.role != role) continue;
        for (const auto& record : stand.proxy->records()) {
            if (record.items == 0 || record.last_item <= latest) continue;
            latest = record.last_item;
            name = stand.name;
        }
    }
    return name;
}

// Words the models were told the agent has said, which the caller has not heard: by his own ear where it knows every
// word, else by what the gateway wrote down as heard.
std::vector<std::string> context_errors(const ChaosPlan& plan, const std::vector<Stand>& stands, const sim::CallReport& report,
                                        const sim::CallFileTruth& truth) {
    std::vector<std::string> heard, wrong;
    if (plan.tones) {
        for (auto& one : plan.tones->recognise(sim::from_mulaw(report.heard), {})) heard.push_back(std::move(one.text));
    } else {
        for (const auto& said : truth.agent) heard.push_back(said.heard);
    }
    // Fixed phrases were made beforehand, perhaps by the built-in voice, which does not speak in tones.
    std::vector<std::string> fixed;
    for (const auto& said : truth.agent) {
        if (said.kind != "reply" && said.kind != "greeting") fixed.push_back(said.heard);
    }
    for (const auto& stand : stands) {
        if (stand.role != ChaosRole::lm) continue;
        for (const auto& record : stand.proxy->records()) {
            for (const auto& body : record.sent) {
                for (auto& word : sim::unheard_words(sim::assistant_texts(body), heard)) {
                    const bool sayable = !plan.tones || (plan.tones->unusable({word}).empty() && !sim::unheard_words({word}, fixed).empty());
                    if (sayable && std::find(wrong.begin(), wrong.end(), word) == wrong.end()) wrong.push_back(std::move(word));
                }
            }
        }
    }
    return wrong;
}

void judge(const ChaosPlan& plan, const ChaosTask& task, const std::vector<Stand>& stands, const sim::CallReport& report, const sim::CallFileTruth& truth,
           sim::ChaosRow& row) {
    const auto& agent = *plan.config.agent(plan.agent);
    row.silence_ms = sim::longest_owed_silence(report, truth.idle_prompts).ms;
    row.filler = truth.filler;
    row.wrong_words = context_errors(plan, stands, report, truth);
    const bool completed = report.answered_ms && report.passed();
    const auto backups = std::count_if(stands.begin(), stands.end(), [&](const auto& one) { return one.role == task.role; });
    // The built-in voice is the last backup of every voice.
    const bool may_end = task.fault.may_end || (backups < 2 && task.role != ChaosRole::tts);
    if (completed) {
        const auto role = task.role == ChaosRole::carrier ? (agent.s2s.empty() ? ChaosRole::lm : ChaosRole::s2s) : task.role;
        row.completed_by = last_to_deliver(stands, role);
        if (row.completed_by.empty()) row.completed_by = task.role == ChaosRole::tts ? "embedded" : "the agent";
    } else {
        row.completed_by = truth.apology ? "apology" : "nobody";
    }
    // Owed from the end of the turn, which the caller's own pause comes before.
    const double allowed = static_cast<double>((agent.conversation.filler_after + agent.conversation.endpoint_silence).count()) + kHearingSlack;
    std::vector<std::string> wrong;
    if (*row.silence_ms > allowed) wrong.push_back("silence over " + std::to_string(static_cast<int>(allowed)) + " ms");
    if (!completed && !(may_end && (truth.apology || task.role == ChaosRole::carrier))) wrong.push_back("the turn was not completed");
    if (!row.wrong_words.empty()) wrong.push_back("unheard words in the context");
    if (row.neighbours_touched > 0) wrong.push_back("neighbours");
    for (const auto& one : wrong) row.why += (row.why.empty() ? "" : "; ") + one;
    if (!completed && !report.failures.empty()) row.why += (row.why.empty() ? "" : "; ") + report.failures.front();
    row.passed = wrong.empty();
    if (row.passed) row.why.clear();
}

}  // namespace

std::vector<ChaosRole> roles_of(const gateway::Config& config, const std::string& agent) {
    std::vector<ChaosRole> out;
    auto copy = *config.agent(agent);
    for (const auto role : kVendorRoles) {
        const auto& names = *names_of(copy, role);
        const bool any = std::any_of(names.begin(), names.end(), [&](const auto& name) { return config.vendor(name) != nullptr; });
        if (any) out.push_back(role);
    }
    out.push_back(ChaosRole::carrier);
    return out;
}

sim::ChaosRow run_chaos_row(const ChaosPlan& plan, const ChaosTask& task) {
    sim::ChaosRow row;
    row.fault = task.fault.id;
    row.what = task.fault.what;
    row.role = to_string(task.role);
    if (plan.tones && task.role == ChaosRole::tts && task.fault.everywhere) {
        row.run = false;
        row.why = "the built-in voice, which is left then, does not speak in tones";
        return row;
    }
    try {
        auto name = task.fault.id + "-" + row.role;
        std::replace(name.begin(), name.end(), '/', '-');
        const auto directory = plan.directory / name;
        std::filesystem::remove_all(directory);
        std::filesystem::create_directories(directory);
        const auto token = random_hex(16);  // of an account that exists for this row only
        std::vector<Stand> stands;
        auto config = private_config(plan, token, directory, stands);
        for (const auto& stand : stands) {
            if (stand.role == task.role && stand.position == 0) row.vendor = stand.name;
        }
        Running gateway(std::move(config), directory / "gateway.log");
        sim::GateOptions front;
        front.target_port = gateway.port();
        sim::TcpGate carrier_gate(front);
        inject(task, stands);
        if (task.role == ChaosRole::carrier && task.fault.gate) carrier_gate.set(*task.fault.gate);

        Neighbours neighbours(token, gateway.port(), plan.neighbours, 15s);
        sim::CallerOptions caller;
        caller.carrier = carrier_options(token, carrier_gate.port());
        caller.carrier.voice = plan.voice;
        caller.carrier.ear = plan.ear;
        caller.plan = call_plan();
        caller.plan.scenario = plan.scenario;
        caller.directory = directory;
        caller.stem = "caller";
        const auto report = sim::run_caller(std::move(caller));
        const auto holes = neighbours.holes();
        gateway.stop();
        row.neighbours = static_cast<int>(holes.size());
        row.neighbours_touched = static_cast<int>(std::count_if(holes.begin(), holes.end(), [](double hole) { return hole < 0 || hole > kNeighbourHole; }));
        judge(plan, task, stands, report.call, call_truth(directory, report.call.call_sid), row);
    } catch (const std::exception& e) {
        row.passed = false;
        row.why = e.what();
    }
    return row;
}

}  // namespace parley::cli
