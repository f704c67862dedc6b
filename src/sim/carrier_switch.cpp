// What REST does beside calls: conferences, queues, recordings; and the truth about legs that are over.

#include "carrier_impl.hpp"
#include "parley/sim/identifiers.hpp"

namespace parley::sim {

std::optional<CallReport> SimCarrier::report_of(const std::string& sid) const {
    return impl_->board->report_of(sid);
}

std::vector<CallReport> SimCarrier::wait_reports(const std::string& number, std::size_t count, std::chrono::milliseconds within) const {
    return impl_->board->wait_reports(number, count, within);
}

std::vector<CallbackTruth> SimCarrier::callbacks() const {
    return impl_->board->callbacks();
}

void SimCarrier::set_target(const std::string& address, DialTarget target) {
    impl_->board->set_target(address, std::move(target));
}

// ---- conferences

std::vector<ConferenceView> SimCarrier::conferences() const {
    std::vector<ConferenceView> out;
    for (const auto& one : impl_->board->conferences.all()) out.push_back(one->view());
    return out;
}

std::optional<ConferenceView> SimCarrier::conference(const std::string& sid_or_name) const {
    const auto found = impl_->board->conferences.find(sid_or_name);
    if (found == nullptr) return std::nullopt;
    return found->view();
}

ConferenceOutcome SimCarrier::end_conference(const std::string& sid_or_name) {
    const auto found = impl_->board->conferences.find(sid_or_name);
    return found == nullptr ? ConferenceOutcome::no_such_conference : found->end();
}

ConferenceOutcome SimCarrier::announce(const std::string& sid_or_name, std::string url, std::string method) {
    const auto found = impl_->board->conferences.find(sid_or_name);
    return found == nullptr ? ConferenceOutcome::no_such_conference : found->announce({}, std::move(url), std::move(method));
}

std::vector<ParticipantView> SimCarrier::participants(const std::string& sid_or_name) const {
    const auto found = impl_->board->conferences.find(sid_or_name);
    if (found == nullptr) return {};
    auto out = found->participants();
    for (auto& one : out) {
        if (one.status != "queued") continue;
        const auto view = call(one.call_sid);
        if (view && view->status == "ringing") one.status = "ringing";
    }
    return out;
}

std::optional<ParticipantView> SimCarrier::participant(const std::string& sid_or_name, const std::string& call_sid_or_label) const {
    for (auto& one : participants(sid_or_name)) {
        if (one.call_sid == call_sid_or_label || (!one.label.empty() && one.label == call_sid_or_label)) return std::move(one);
    }
    return std::nullopt;
}

SimCarrier::Added SimCarrier::add_participant(const std::string& sid_or_name, CallPlan plan, ConferenceEntry entry) {
    Added out;
    auto found = impl_->board->conferences.find(sid_or_name);
    if (found != nullptr && found->ended()) return {ConferenceOutcome::ended, {}, found->sid()};
    if (found == nullptr && sid_or_name.size() == 34 && sid_or_name.starts_with("CF")) return {ConferenceOutcome::no_such_conference, {}, {}};
    entry.name = found != nullptr ? found->name() : sid_or_name;
    found = impl_->board->conferences.open(entry);
    if (found->view().participants >= static_cast<std::size_t>(entry.max_participants)) return {ConferenceOutcome::full, {}, found->sid()};
    plan.direction = "outbound-api";
    plan.conference = std::make_shared<const ConferenceEntry>(entry);
    out.conference_sid = found->sid();
    const auto expected = found;
    plan.on_placed = [expected, entry](const std::string& sid) { expected->expect(sid, entry); };
    out.call_sid = place_call(std::move(plan)).call_sid;
    return out;
}

ConferenceOutcome SimCarrier::update_participant(const std::string& sid_or_name, const std::string& call_sid_or_label, const ParticipantUpdate& update) {
    const auto found = impl_->board->conferences.find(sid_or_name);
    return found == nullptr ? ConferenceOutcome::no_such_conference : found->update(call_sid_or_label, update);
}

ConferenceOutcome SimCarrier::remove_participant(const std::string& sid_or_name, const std::string& call_sid_or_label) {
    const auto found = impl_->board->conferences.find(sid_or_name);
    if (found == nullptr) return ConferenceOutcome::no_such_conference;
    const auto who = participant(sid_or_name, call_sid_or_label);
    const auto outcome = found->remove(call_sid_or_label);
    if (outcome == ConferenceOutcome::done && who && who->status != "connected") (void)end_call(who->call_sid);
    return outcome;
}

// ---- queues

std::vector<QueueView> SimCarrier::queues() const {
    return impl_->board->queues.list();
}

std::optional<QueueView> SimCarrier::queue(const std::string& sid_or_name) const {
    return impl_->board->queues.view(sid_or_name);
}

QueueOutcome SimCarrier::create_queue(const std::string& name, int max_size, std::string& sid) {
    return impl_->board->queues.create(name, max_size, sid);
}

QueueOutcome SimCarrier::update_queue(const std::string& sid_or_name, std::optional<std::string> name, std::optional<int> max_size) {
    return impl_->board->queues.update(sid_or_name, std::move(name), max_size);
}

QueueOutcome SimCarrier::delete_queue(const std::string& sid_or_name) {
    return impl_->board->queues.erase(sid_or_name);
}

std::vector<QueueMemberView> SimCarrier::queue_members(const std::string& sid_or_name) const {
    return impl_->board->queues.members(sid_or_name);
}

QueueOutcome SimCarrier::dequeue(const std::string& sid_or_name, const std::string& member, std::string url, std::string method, QueueMemberView& out) {
    return impl_->board->queues.dequeue(sid_or_name, member, std::move(url), std::move(method), out);
}

// ---- recordings

RecordingOutcome SimCarrier::start_recording(const std::string& owner, RecordingPlan plan, std::string& recording_sid) {
    if (owner.starts_with("CF")) {
        const auto found = impl_->board->conferences.find(owner);
        if (found == nullptr) return RecordingOutcome::no_such_call;
        return found->start_recording(std::move(plan), "StartConferenceRecordingAPI", recording_sid);
    }
    const auto shared = impl_->find(owner);
    if (shared == nullptr) return RecordingOutcome::no_such_call;
    {
        const std::lock_guard lock(shared->mutex);
        if (shared->view.status != "in-progress") return RecordingOutcome::wrong_state;
    }
    RecordingView view;
    view.sid = make_sid("RE");
    view.call_sid = owner;
    view.status = "in-progress";
    view.channels = plan.dual ? 2 : 1;
    view.source = "StartCallRecordingAPI";
    view.track = plan.track;
    view.created = view.updated = view.start_time = std::chrono::system_clock::now();
    recording_sid = view.sid;
    if (!impl_->board->recordings.open(std::move(view), true)) return RecordingOutcome::overlap;
    auto* store = &impl_->board->recordings;
    asio::post(shared->executor, [shared, store, plan = std::move(plan), sid = recording_sid]() mutable {
        if (shared->live == nullptr || shared->live->over()) {
            store->complete(sid, {});
        } else {
            (void)shared->live->start_recording(std::move(plan), "StartCallRecordingAPI", sid);
        }
    });
    return RecordingOutcome::done;
}

RecordingOutcome SimCarrier::update_recording(const std::string& owner, const std::string& recording_sid, const std::string& status, bool skip) {
    if (owner.starts_with("CF")) {
        const auto found = impl_->board->conferences.find(owner);
        return found == nullptr ? RecordingOutcome::no_such_call : found->update_recording(recording_sid, status, skip);
    }
    const auto shared = impl_->find(owner);
    if (shared == nullptr) return RecordingOutcome::no_such_call;
    auto& store = impl_->board->recordings;
    const auto view = recording_sid == "Twilio.CURRENT" ? store.current(owner) : store.view(recording_sid);
    if (!view || view->call_sid != owner) return RecordingOutcome::no_such_recording;
    if (!view->running()) return RecordingOutcome::wrong_state;
    store.set_status(view->sid, status == "stopped" ? "processing" : status);
    Impl::on_worker(shared, [sid = view->sid, status, skip](CarrierCall& live) { live.update_recording(sid, status, skip); });
    return RecordingOutcome::done;
}

std::vector<RecordingView> SimCarrier::recordings(const std::string& owner) const {
    return impl_->board->recordings.list(owner);
}

std::optional<RecordingView> SimCarrier::recording_view(const std::string& recording_sid) const {
    return impl_->board->recordings.view(recording_sid);
}

std::optional<RecordingAudio> SimCarrier::recording_audio(const std::string& recording_sid) const {
    return impl_->board->recordings.audio(recording_sid);
}

std::optional<Pcm8k> SimCarrier::recording(const std::string& recording_sid) const {
    const auto audio = impl_->board->recordings.audio(recording_sid);
    if (!audio) return std::nullopt;
    return audio->mono();
}

bool SimCarrier::delete_recording(const std::string& recording_sid) {
    return impl_->board->recordings.erase(recording_sid);
}

}  // namespace parley::sim
