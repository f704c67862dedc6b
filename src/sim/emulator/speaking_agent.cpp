#include "speaking_agent.hpp"

#include <algorithm>

namespace parley::sim {
namespace {

enum Kind : int { kHeard, kAgain, kText, kTool, kInstruction, kSpeak };

constexpr std::size_t kLeast = 100 * 8;  // samples a committed turn has
constexpr std::size_t kMostCollected = 60 * 8000;

// "Say exactly this …: "Hello."" is obeyed to the letter.
std::string in_quotes(const std::string& instruction) {
    const auto first = instruction.find('"'), last = instruction.rfind('"');
    return first == std::string::npos || last <= first + 1 ? std::string{} : instruction.substr(first + 1, last - first - 1);
}

std::string oversized(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) text += "blah\x01\t\x7f ";
    text.resize(bytes);
    return text;
}

}  // namespace

struct SpeakingAgent::Desk {
    struct Job {
        int kind = kHeard;
        std::string text;
        Pcm8k sound;
        bool answers = true;
        std::uint64_t epoch = 0;
    };
    Desk(EmulatorSocket& s, std::shared_ptr<EmulatorWorld> w, AgentSettings a, Fault f, std::shared_ptr<AgentTeller> t, asio::any_io_executor executor)
        : socket(s), world(std::move(w)), settings(a), fault(std::move(f)), teller(std::move(t)), wake(std::move(executor), TimePoint::max()) {}

    EmulatorSocket& socket;
    std::shared_ptr<EmulatorWorld> world;
    AgentSettings settings;
    Fault fault;
    std::shared_ptr<AgentTeller> teller;
    asio::steady_timer wake;
    std::deque<Job> jobs;
    std::string said, tool;   // the last thing: one of them
    std::string why;          // of the last cancel
    std::uint64_t epoch = 0;  // raised by cancel(): answers of an older one stop
    int answers = 0;          // waiting and running ones
    int numbers = 0;
    bool ended = false;
};

SpeakingAgent::SpeakingAgent(EmulatorSocket& socket, std::shared_ptr<EmulatorWorld> world, AgentSettings settings, Fault fault,
                             std::shared_ptr<AgentTeller> teller, asio::any_io_executor executor)
    : desk_(std::make_shared<Desk>(socket, std::move(world), settings, std::move(fault), std::move(teller), std::move(executor))),
      decoder_(std::make_unique<WireDecoder>(settings.in)),
      cutter_(std::make_unique<UtteranceCutter>(settings.endpointing)) {
    socket.spawn(work(desk_));
}

SpeakingAgent::~SpeakingAgent() {
    desk_->ended = true;
    ++desk_->epoch;
    desk_->why = "over";
    desk_->wake.cancel();
}

void SpeakingAgent::change(AgentSettings settings) {
    auto& now = desk_->settings;
    if (!(settings.in == now.in)) decoder_ = std::make_unique<WireDecoder>(settings.in);
    if (settings.endpointing != now.endpointing || settings.cuts != now.cuts) {
        cutter_ = std::make_unique<UtteranceCutter>(settings.endpointing);
        collected_.clear();
    }
    now = settings;
}

Task<bool> SpeakingAgent::hear(std::string bytes) {
    const auto samples = decoder_->feed(bytes);
    const auto before = std::chrono::milliseconds(samples_ / 8) - cutter_->position();  // sound before this cutter began
    samples_ += samples.size();
    if (!desk_->settings.cuts) {
        collected_.insert(collected_.end(), samples.begin(), samples.end());
        if (collected_.size() > kMostCollected) collected_.erase(collected_.begin(), collected_.end() - kMostCollected);
        co_return desk_->socket.alive();
    }
    auto events = cutter_->feed(samples);
    for (auto& event : events) {
        if (event.kind == UtteranceCutter::Event::Kind::started) {
            if (desk_->settings.interrupts) cancel("turn_detected");
            if (!co_await desk_->teller->started(event.from + before)) co_return false;
        } else {
            if (!co_await desk_->teller->stopped(event.to + before)) co_return false;
            push(kHeard, {}, std::move(event.sound), desk_->settings.answers);
        }
    }
    co_return desk_->socket.alive();
}

bool SpeakingAgent::commit() {
    Pcm8k sound = std::exchange(collected_, {});
    if (desk_->settings.cuts) {
        auto event = cutter_->commit();
        if (event) sound = std::move(event->sound);
    }
    if (sound.size() < kLeast) return false;
    push(kHeard, {}, std::move(sound), false);
    return true;
}

void SpeakingAgent::forget() {
    collected_.clear();
    cutter_ = std::make_unique<UtteranceCutter>(desk_->settings.endpointing);
}

std::chrono::milliseconds SpeakingAgent::position() const {
    return std::chrono::milliseconds(samples_ / 8);
}

void SpeakingAgent::push(int kind, std::string text, Pcm8k sound, bool answers) {
    Desk::Job job;
    job.kind = kind;
    job.text = std::move(text);
    job.sound = std::move(sound);
    job.answers = answers;
    job.epoch = desk_->epoch;
    if (answers) ++desk_->answers;
    desk_->jobs.push_back(std::move(job));
    desk_->wake.cancel();
}

void SpeakingAgent::answer() {
    push(kAgain, {}, {}, true);
}
void SpeakingAgent::answer_text(std::string text) {
    push(kText, std::move(text), {}, true);
}
void SpeakingAgent::answer_tool(std::string tool) {
    push(kTool, std::move(tool), {}, true);
}
void SpeakingAgent::answer_instruction(std::string instruction) {
    push(kInstruction, std::move(instruction), {}, true);
}
void SpeakingAgent::speak(std::string text) {
    push(kSpeak, std::move(text), {}, true);
}

void SpeakingAgent::take_as_said(std::string text) {
    desk_->said = std::move(text);
    desk_->tool.clear();
}

bool SpeakingAgent::busy() const {
    return desk_->answers > 0;
}

bool SpeakingAgent::cancel(std::string why) {
    if (desk_->answers == 0) return false;
    if (desk_->fault.ignore_cancel) return true;
    ++desk_->epoch;
    desk_->why = std::move(why);
    return true;
}

Task<> SpeakingAgent::work(std::shared_ptr<Desk> desk) {
    while (!desk->ended && desk->socket.alive()) {
        if (desk->jobs.empty()) {
            desk->wake.expires_at(TimePoint::max());
            co_await desk->wake.async_wait(net::nothrow);
            const auto state = co_await asio::this_coro::cancellation_state;
            if (state.cancelled() != asio::cancellation_type::none) co_return;
            continue;
        }
        auto job = std::move(desk->jobs.front());
        desk->jobs.pop_front();
        bool alive = true;
        if (job.kind == kHeard) {
            alive = co_await recognise(desk, std::move(job.sound), job.answers, job.epoch);
        } else if (job.epoch == desk->epoch) {
            alive = co_await produce(desk, std::move(job.text), job.kind, false, job.epoch);
        }
        if (job.answers) --desk->answers;
        if (!alive) co_return;
    }
}

// The caller's words are told even when the answer to them is not wanted any more.
Task<bool> SpeakingAgent::recognise(std::shared_ptr<Desk> desk, Pcm8k sound, bool answers, std::uint64_t epoch) {
    const auto due = Clock::now() + desk->world->settings().recognition;
    const auto heard = co_await desk->world->hear(std::move(sound));
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(due - Clock::now());
    if (left.count() > 0 && !co_await desk->socket.sleep(left)) co_return false;
    std::string text = heard.text;
    if (!text.empty()) {
        desk->said = text;
        desk->tool.clear();
    }
    const bool wanted = answers && epoch == desk->epoch && (!text.empty() || desk->settings.answers_noise);
    AgentAnswer answer;
    answer.number = desk->numbers + 1;
    if (wanted && desk->settings.announces && !co_await desk->teller->began(answer)) co_return false;
    if (!co_await desk->socket.sleep(desk->fault.late_final)) co_return false;
    if (desk->fault.oversize_text > 0) text = oversized(desk->fault.oversize_text);
    if (!desk->fault.no_final && !co_await desk->teller->said(text)) co_return false;
    if (desk->fault.double_final && !co_await desk->teller->said(text)) co_return false;
    if (!wanted) co_return true;
    co_return co_await produce(desk, heard.text.empty() ? "?" : heard.text, kText, desk->settings.announces, epoch);
}

Task<bool> SpeakingAgent::produce(std::shared_ptr<Desk> desk, std::string text, int kind, bool begun, std::uint64_t epoch) {
    desk->socket.next_response();
    AgentAnswer answer;
    answer.number = ++desk->numbers;
    if (!begun && !co_await desk->teller->began(answer)) co_return false;
    MindAnswer mind;
    if (kind == kSpeak) {
        mind.say = text;
    } else if (kind == kInstruction && !text.empty()) {
        mind.say = in_quotes(text);
        if (mind.say.empty()) mind = desk->world->answer(text);
    } else {
        if (kind == kText || kind == kTool) {
            desk->said = kind == kText ? text : std::string{};
            desk->tool = kind == kTool ? text : std::string{};
        }
        mind = desk->world->answer(desk->said, desk->tool);
    }
    answer.text = mind.say;
    answer.tool = mind.tool;
    answer.arguments = mind.arguments;
    if (!co_await desk->socket.sleep(desk->world->settings().first_token)) co_return false;
    if (desk->fault.empty_completion) answer.text = answer.tool = std::string{};
    if (epoch == desk->epoch && !answer.text.empty() && !co_await utter(desk, answer, epoch)) co_return false;
    if (epoch != desk->epoch) answer.why = desk->why;
    if (!answer.cancelled() && !answer.tool.empty() && !co_await desk->teller->called(answer)) co_return false;
    while (desk->fault.never_ends && epoch == desk->epoch) {
        if (!co_await desk->socket.sleep(std::chrono::milliseconds(50))) co_return false;
    }
    if (epoch != desk->epoch && !answer.cancelled()) answer.why = desk->why;
    co_return co_await desk->teller->ended(answer);
}

// Words go out a little ahead of the sound they belong to.
Task<bool> SpeakingAgent::utter(std::shared_ptr<Desk> desk, AgentAnswer& answer, std::uint64_t epoch) {
    const auto format = desk->settings.out;
    std::string text = answer.text;
    const auto sound = co_await desk->world->speak(std::move(text), format, desk->fault);
    if (!co_await desk->socket.sleep(desk->world->settings().first_audio)) co_return false;
    if (epoch != desk->epoch) co_return true;
    if (!co_await desk->teller->speaks(answer)) co_return false;
    const auto words = text_deltas(answer.text);
    const std::size_t piece = std::max<std::size_t>(format.bytes(desk->world->settings().chunk), 1);
    const std::size_t pieces = (sound.size() + piece - 1) / piece;
    std::size_t told = 0;
    std::optional<TimePoint> late_until;
    for (std::size_t i = 0; i < pieces || told < words.size(); ++i) {
        if (epoch != desk->epoch) {
            // Broken off; a vendor that is slow to stop goes on for a while with sound nobody wants.
            if (desk->fault.late_bytes.count() == 0) break;
            if (!late_until) late_until = Clock::now() + desk->fault.late_bytes;
            if (Clock::now() >= *late_until || i >= pieces) break;
        }
        const std::size_t due = pieces == 0 ? words.size() : std::min(words.size(), words.size() * (i + 1) / pieces + 1);
        while (told < due && epoch == desk->epoch) {
            std::string delta = words[told++];
            if (!co_await desk->teller->words(answer, std::move(delta))) co_return false;
        }
        if (i >= pieces) continue;
        std::string bytes = sound.substr(i * piece, piece);
        const auto lasts = format.duration(bytes.size());
        answer.sent += bytes.size();
        if (!co_await desk->teller->sound(answer, std::move(bytes), lasts)) co_return false;
    }
    if (epoch != desk->epoch) answer.why = desk->why;
    co_return co_await desk->teller->spoke(answer);
}

}  // namespace parley::sim
