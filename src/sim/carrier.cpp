#include "parley/sim/carrier.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>

#include "carrier_impl.hpp"
#include "parley/sim/identifiers.hpp"
#include "stream_session.hpp"

namespace parley::sim {

SimCarrier::SimCarrier(CarrierOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {
    impl_->open_board(*this);
}

SimCarrier::~SimCarrier() {
    stop();
}

SimCarrier::Placed SimCarrier::place_call(CallPlan plan) {
    static const auto kListener = std::make_shared<const Scenario>();
    if (plan.scenario == nullptr) plan.scenario = kListener;
    if (plan.from.empty()) plan.from = plan.scenario->from.empty() ? "+14155550100" : plan.scenario->from;
    if (plan.to.empty()) plan.to = plan.scenario->to.empty() ? "+18005551212" : plan.scenario->to;
    auto shared = std::make_shared<SharedCall>();
    shared->view = {make_sid("CA"), plan.parent_sid, plan.from, plan.to, "queued", plan.direction, std::chrono::system_clock::now(), {}, {}};
    auto promise = std::make_shared<std::promise<CallReport>>();
    Placed out{shared->view.sid, promise->get_future()};
    auto done = [impl = impl_.get(), promise](std::exception_ptr failure, CallReport report) {
        if (failure) {
            promise->set_exception(failure);
        } else {
            if (impl->options.kept_reports > 0) impl->board->keep(report);
            promise->set_value(std::move(report));
        }
        const std::lock_guard lock(impl->mutex);
        --impl->live;
        impl->idle.notify_all();
    };
    const std::lock_guard lock(impl_->mutex);
    if (impl_->stopping) throw std::runtime_error("the carrier is going down");
    const auto seed = ++impl_->placed;
    shared->executor = impl_->workers[seed % impl_->workers.size()]->context.get_executor();
    if (plan.on_placed) plan.on_placed(out.call_sid);
    impl_->by_sid.emplace(shared->view.sid, shared);
    impl_->in_order.push_back(shared);
    ++impl_->live;
    // Posted under the lock, so that an end of the call posted by anyone comes behind its beginning.
    asio::post(shared->executor, [impl = impl_.get(), plan = std::move(plan), shared, seed, done = std::move(done)]() mutable {
        auto body = [](Impl& carrier, CallPlan what, std::shared_ptr<SharedCall> into, std::uint64_t number) -> Task<CallReport> {
            CarrierCall call(carrier.deps(), std::move(what), std::move(into), number);
            co_return co_await call.run();
        };
        asio::co_spawn(shared->executor, body(*impl, std::move(plan), shared, seed), std::move(done));
    });
    return out;
}

CallUpdate SimCarrier::end_call(const std::string& sid, bool only_before_answer) {
    const auto shared = impl_->find(sid);
    if (shared == nullptr) return CallUpdate::no_such_call;
    {
        const std::lock_guard lock(shared->mutex);
        if (!shared->view.live() || (only_before_answer && shared->view.status == "in-progress")) return CallUpdate::wrong_state;
    }
    Impl::on_worker(shared, [](CarrierCall& call) { call.end("rest", call.answered() ? "completed" : "canceled"); });
    return CallUpdate::done;
}

CallUpdate SimCarrier::limit_call(const std::string& sid, std::chrono::seconds longest) {
    const auto shared = impl_->find(sid);
    if (shared == nullptr) return CallUpdate::no_such_call;
    {
        const std::lock_guard lock(shared->mutex);
        if (!shared->view.live()) return CallUpdate::wrong_state;
    }
    Impl::on_worker(shared, [longest](CarrierCall& call) { call.relimit(longest); });
    return CallUpdate::done;
}

CallUpdate SimCarrier::redirect_call(const std::string& sid, std::string url, std::string method, std::string twiml) {
    const auto shared = impl_->find(sid);
    if (shared == nullptr) return CallUpdate::no_such_call;
    {
        const std::lock_guard lock(shared->mutex);
        if (shared->view.status != "in-progress") return CallUpdate::wrong_state;
    }
    Target target{std::move(url), std::move(method), {}, std::move(twiml)};
    Impl::on_worker(shared, [target](CarrierCall& call) { call.redirect(target); });
    return CallUpdate::done;
}

CallUpdate SimCarrier::start_stream(const std::string& sid, Form parameters, std::string& stream_sid) {
    const auto shared = impl_->find(sid);
    if (shared == nullptr) return CallUpdate::no_such_call;
    {
        const std::lock_guard lock(shared->mutex);
        if (shared->view.status != "in-progress") return CallUpdate::wrong_state;
    }
    stream_sid = make_sid("MZ");
    StreamSetup setup;
    setup.account_sid = impl_->options.account_sid;
    setup.call_sid = sid;
    setup.stream_sid = stream_sid;
    setup.name = value_of(parameters, "Name").empty() ? stream_sid : std::string(value_of(parameters, "Name"));
    setup.bidirectional = false;
    const auto track = value_of(parameters, "Track");
    setup.inbound = track != "outbound_track";
    setup.outbound = track == "outbound_track" || track == "both_tracks";
    for (int i = 1; i < 100; ++i) {
        const auto prefix = "Parameter" + std::to_string(i);
        if (has_field(parameters, prefix + ".Name")) {
            setup.parameters.emplace_back(value_of(parameters, prefix + ".Name"), value_of(parameters, prefix + ".Value"));
        }
    }
    Impl::on_worker(shared, [setup, parameters](CarrierCall& call) {
        if (call.over()) return;
        const auto tracks = (setup.inbound ? 1 : 0) + (setup.outbound ? 1 : 0);
        const std::string url(value_of(parameters, "Url"));
        if (call.forked_tracks() + tracks > 4) {
            call.notify(31960, "more than four forked tracks", url);
            return;
        }
        call.open_stream(setup, url, std::string(value_of(parameters, "StatusCallback")),
                         value_of(parameters, "StatusCallbackMethod") == "GET" ? "GET" : "POST");
    });
    return CallUpdate::done;
}

CallUpdate SimCarrier::start_transcription(const std::string& sid, TranscriptionPlan plan, std::string& transcription_sid) {
    const auto shared = impl_->find(sid);
    if (shared == nullptr) return CallUpdate::no_such_call;
    {
        const std::lock_guard lock(shared->mutex);
        if (shared->view.status != "in-progress") return CallUpdate::wrong_state;
    }
    transcription_sid = make_sid("GT");
    Impl::on_worker(shared, [plan = std::move(plan), transcription_sid](CarrierCall& call) {
        if (!call.over()) call.open_transcription(transcription_sid, plan);
    });
    return CallUpdate::done;
}

CallUpdate SimCarrier::stop_transcription(const std::string& sid, const std::string& transcription) {
    const auto shared = impl_->find(sid);
    if (shared == nullptr) return CallUpdate::no_such_call;
    Impl::on_worker(shared, [transcription](CarrierCall& call) { (void)call.close_transcription(transcription); });
    return CallUpdate::done;
}

void SimCarrier::set_callbacks(const CallbackWeather& weather) {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->callbacks = weather;
    }
    impl_->board->set_callbacks(weather);
}

CallUpdate SimCarrier::stop_stream(const std::string& sid, const std::string& stream) {
    const auto shared = impl_->find(sid);
    if (shared == nullptr) return CallUpdate::no_such_call;
    Impl::on_worker(shared, [stream](CarrierCall& call) {
        for (auto& one : call.streams()) {
            const bool named = one->setup().stream_sid == stream || one->setup().name == stream;
            if (!one->setup().bidirectional && named) one->stop(HangupStep::How::stop);
        }
    });
    return CallUpdate::done;
}

std::optional<CallView> SimCarrier::call(const std::string& sid) const {
    const auto shared = impl_->find(sid);
    if (shared == nullptr) return std::nullopt;
    const std::lock_guard lock(shared->mutex);
    return shared->view;
}

std::vector<CallView> SimCarrier::calls() const {
    std::vector<std::shared_ptr<SharedCall>> all;
    {
        const std::lock_guard lock(impl_->mutex);
        all = impl_->in_order;
    }
    std::vector<CallView> out;
    for (const auto& shared : all) {
        const std::lock_guard lock(shared->mutex);
        out.push_back(shared->view);
    }
    return out;
}

std::vector<CarrierNotification> SimCarrier::notifications(const std::string& call_sid) const {
    const std::lock_guard lock(impl_->mutex);
    if (call_sid.empty()) return impl_->notifications;
    std::vector<CarrierNotification> out;
    std::copy_if(impl_->notifications.begin(), impl_->notifications.end(), std::back_inserter(out),
                 [&](const auto& note) { return note.call_sid == call_sid; });
    return out;
}

std::size_t SimCarrier::live_calls() const {
    const std::lock_guard lock(impl_->mutex);
    return impl_->live;
}

const CarrierOptions& SimCarrier::options() const {
    return impl_->options;
}

bool SimCarrier::forget_call(const std::string& sid) {
    const auto shared = impl_->find(sid);
    if (shared == nullptr) return false;
    {
        const std::lock_guard lock(shared->mutex);
        if (shared->view.live()) return false;
    }
    const std::lock_guard lock(impl_->mutex);
    impl_->by_sid.erase(sid);
    std::erase(impl_->in_order, shared);
    return true;
}

void SimCarrier::stop() {
    std::vector<std::shared_ptr<SharedCall>> all;
    {
        const std::lock_guard lock(impl_->mutex);
        if (impl_->stopped) return;
        impl_->stopping = true;
        all = impl_->in_order;
    }
    for (const auto& shared : all) Impl::on_worker(shared, [](CarrierCall& call) { call.end("shutdown"); });
    {
        std::unique_lock lock(impl_->mutex);
        impl_->idle.wait(lock, [&] { return impl_->live == 0; });
        impl_->stopped = true;
    }
    impl_->board->wait_idle();
    for (auto& worker : impl_->workers) {
        worker->guard.reset();
        if (worker->thread.joinable()) worker->thread.join();
    }
    impl_->compute.join();
}

}  // namespace parley::sim
