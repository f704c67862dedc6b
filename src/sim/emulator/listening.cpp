#include "listening.hpp"

#include <algorithm>
#include <array>
#include <sstream>

namespace parley::sim {

using std::chrono::milliseconds;

namespace {

constexpr std::size_t kMostWords = 500;  // listed with their times

std::string first_half(const std::string& text) {
    const auto words = static_cast<std::size_t>(std::count(text.begin(), text.end(), ' ')) + 1;
    std::size_t end = 0;
    for (std::size_t i = 0; i < (words + 1) / 2; ++i) end = std::min(text.find(' ', end == 0 ? 0 : end + 1), text.size());
    return text.substr(0, end);
}

// What a recogniser that has lost its way may send.
std::string rubbish(std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += "lost\x07way\x1b ";
    return out.substr(0, bytes);
}

milliseconds until(TimePoint due) {
    return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(due - Clock::now()));
}

}  // namespace

Task<bool> SttTeller::started(milliseconds) {
    co_return true;
}
Task<bool> SttTeller::stopped(Utterance) {
    co_return true;
}
Task<bool> SttTeller::interim(Utterance) {
    co_return true;
}
Task<bool> SttTeller::eager(Utterance) {
    co_return true;
}
Task<bool> SttTeller::resumed(Utterance) {
    co_return true;
}
Task<bool> SttTeller::noted(std::string) {
    co_return true;
}

std::optional<WireFormat> wire_format(std::string_view encoding, int rate) {
    using Encoding = WireFormat::Encoding;
    struct Spelling {
        std::string_view word;
        Encoding encoding;
    };
    constexpr std::array kSpellings{
        Spelling{"mulaw", Encoding::mulaw},        Spelling{"pcm_mulaw", Encoding::mulaw},   Spelling{"audio/pcmu", Encoding::mulaw},
        Spelling{"ulaw", Encoding::mulaw},         Spelling{"linear16", Encoding::linear16}, Spelling{"pcm_s16le", Encoding::linear16},
        Spelling{"audio/pcm", Encoding::linear16}, Spelling{"pcm", Encoding::linear16},      Spelling{"alaw", Encoding::alaw},
        Spelling{"pcm_alaw", Encoding::alaw},      Spelling{"audio/pcma", Encoding::alaw},   Spelling{"pcm_f32le", Encoding::float32},
    };
    if (rate == 0) {
        const auto line = encoding.rfind('_');
        if (line == std::string_view::npos) return std::nullopt;
        for (const char c : encoding.substr(line + 1)) {
            if (c < '0' || c > '9' || rate > 192000) return std::nullopt;
            rate = rate * 10 + (c - '0');
        }
        encoding = encoding.substr(0, line);
    }
    if (rate < 4000 || rate > 192000) return std::nullopt;
    for (const auto& one : kSpellings)
        if (one.word == encoding) return WireFormat{one.encoding, rate};
    return std::nullopt;
}

Listening::Listening(EmulatorSocket& socket, std::shared_ptr<EmulatorWorld> world, ListeningSettings settings, Fault fault, std::shared_ptr<SttTeller> teller,
                     asio::any_io_executor executor)
    : settings_(settings),
      desk_(std::make_shared<Desk>(std::move(executor))),
      decoder_(settings.format),
      cutter_(std::make_unique<UtteranceCutter>(settings.endpointing)) {
    if (settings_.eager) quick_ = std::make_unique<UtteranceCutter>(*settings_.eager);
    desk_->world = std::move(world);
    desk_->teller = std::move(teller);
    desk_->socket = &socket;
    desk_->fault = std::move(fault);
    desk_->interims = settings_.interims;
    socket.spawn(tell(desk_));
}

Listening::~Listening() {
    desk_->ended = true;
    desk_->wake.cancel();
}

bool Listening::speaking() const {
    return cutter_->speaking();
}
milliseconds Listening::position() const {
    return before_ + cutter_->position();
}
milliseconds Listening::last_end() const {
    return last_end_;
}
void Listening::set_endpointing(milliseconds endpointing) {
    next_endpointing_ = endpointing;
}

void Listening::push(Job job) {
    desk_->jobs.push_back(std::move(job));
    desk_->wake.cancel();
}

void Listening::note(std::string what) {
    Job job;
    job.kind = Job::Kind::note;
    job.what = std::move(what);
    push(std::move(job));
}

Listening::Job Listening::job(Job::Kind kind, const UtteranceCutter::Event& event, bool forced) {
    const auto& times = desk_->world->settings();
    Job job;
    job.kind = kind;
    job.utterance.number = number_;
    job.utterance.from = before_ + event.from;
    job.utterance.to = before_ + event.to;
    job.utterance.forced = forced;
    job.recognition = kind == Job::Kind::eager ? times.recognition / 2 : times.recognition;
    job.due = Clock::now() + job.recognition;
    return job;
}

Task<bool> Listening::handle(UtteranceCutter::Event event, bool forced) {
    if (event.kind == UtteranceCutter::Event::Kind::started) {
        const auto at = before_ + event.from;
        co_return co_await desk_->teller->started(at);
    }
    auto last = job(Job::Kind::final, event, forced);
    last.sound = std::move(event.sound);
    last_end_ = last.utterance.to;
    const auto utterance = last.utterance;
    ++number_;
    guessed_ = false;
    push(std::move(last));
    co_return co_await desk_->teller->stopped(utterance);
}

Task<bool> Listening::sound(std::string bytes) {
    const auto samples = decoder_.feed(bytes);
    std::vector<UtteranceCutter::Event> quick;
    if (quick_) quick = quick_->feed(samples);
    auto events = cutter_->feed(samples);
    for (auto& event : events) {
        if (!co_await handle(std::move(event), false)) co_return false;
    }
    for (auto& event : quick) {
        if (!cutter_->speaking()) break;
        if (event.kind == UtteranceCutter::Event::Kind::ended) {
            auto guess = job(Job::Kind::eager, event, false);
            guess.sound = cutter_->sofar();
            guessed_ = true;
            push(std::move(guess));
        } else if (guessed_) {
            guessed_ = false;
            push(job(Job::Kind::resumed, event, false));
        }
    }
    if (next_endpointing_ && !cutter_->speaking()) {
        before_ += cutter_->position();
        cutter_ = std::make_unique<UtteranceCutter>(*next_endpointing_);
        next_endpointing_.reset();
    }
    co_return desk_->socket->alive();
}

Task<bool> Listening::commit() {
    auto event = cutter_->commit();
    if (!event) co_return false;
    if (quick_) (void)quick_->commit();
    auto ended = std::move(*event);
    (void)co_await handle(std::move(ended), true);
    co_return true;
}

Task<> Listening::tell(std::shared_ptr<Desk> desk) {
    while (desk->socket->alive()) {
        if (desk->jobs.empty()) {
            if (desk->ended) co_return;
            desk->wake.expires_at(TimePoint::max());
            co_await desk->wake.async_wait(net::nothrow);
            continue;
        }
        auto job = std::move(desk->jobs.front());
        desk->jobs.pop_front();
        if (!co_await tell_one(desk, std::move(job))) co_return;
    }
}

Task<bool> Listening::tell_interims(std::shared_ptr<Desk> desk, Utterance utterance, TimePoint due, milliseconds recognition) {
    if (!desk->interims || utterance.text.empty()) co_return true;
    auto sofar = utterance;
    sofar.text = first_half(utterance.text);
    const auto early = until(due - recognition * 2 / 3);
    if (!co_await desk->socket->sleep(early)) co_return false;
    if (!co_await desk->teller->interim(sofar)) co_return false;
    const auto later = until(due - recognition / 3);
    if (!co_await desk->socket->sleep(later)) co_return false;
    co_return co_await desk->teller->interim(utterance);
}

Task<bool> Listening::tell_one(std::shared_ptr<Desk> desk, Job job) {
    auto& utterance = job.utterance;
    if (job.kind == Job::Kind::note) {
        auto what = std::move(job.what);
        co_return co_await desk->teller->noted(std::move(what));
    }
    if (job.kind == Job::Kind::resumed) {
        desk->guess_stands = false;
        utterance.text = desk->guessed.text;
        co_return co_await desk->teller->resumed(utterance);
    }
    // An end that follows a guess without a word in between says the same.
    if (job.kind == Job::Kind::final && desk->guess_stands && desk->guessed.number == utterance.number) {
        utterance.text = desk->guessed.text;
        utterance.confidence = desk->guessed.confidence;
    } else {
        auto heard = co_await desk->world->hear(std::move(job.sound));
        utterance.text = std::move(heard.text);
        utterance.confidence = heard.confidence;
        if (desk->fault.oversize_text > 0) utterance.text = rubbish(desk->fault.oversize_text);
        const bool told = co_await tell_interims(desk, utterance, job.due, job.recognition);
        if (!told) co_return false;
    }
    const auto wait = until(job.due) + (job.kind == Job::Kind::final ? desk->fault.late_final : milliseconds(0));
    if (!co_await desk->socket->sleep(wait)) co_return false;
    if (job.kind == Job::Kind::eager) {
        desk->guessed = utterance;
        desk->guess_stands = true;
        if (utterance.text.empty()) co_return true;
        co_return co_await desk->teller->eager(utterance);
    }
    desk->guess_stands = false;
    if (desk->fault.no_final) co_return true;
    if (!co_await desk->teller->final(utterance)) co_return false;
    if (!desk->fault.double_final) co_return true;
    co_return co_await desk->teller->final(utterance);
}

std::vector<TimedWord> timed_words(const Utterance& utterance) {
    std::vector<TimedWord> out;
    std::istringstream all(utterance.text);
    for (std::string word; out.size() < kMostWords && all >> word;) out.push_back({word, 0, 0});
    const double from = static_cast<double>(utterance.from.count()) / 1000;
    const double step = static_cast<double>((utterance.to - utterance.from).count()) / 1000 / static_cast<double>(std::max<std::size_t>(out.size(), 1));
    for (std::size_t i = 0; i < out.size(); ++i) {
        out[i].start = from + step * static_cast<double>(i);
        out[i].end = out[i].start + step;
    }
    return out;
}

}  // namespace parley::sim
