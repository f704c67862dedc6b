#include "parley/admin/admin_api.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <map>

#include "admin_api_json.hpp"
#include "parley/admin/api_schema.hpp"
#include "parley/conversation/serialise.hpp"
#include "parley/twilio/sid.hpp"

namespace parley::admin {

namespace asio = boost::asio;

using control::By;
using control::PowerResult;

namespace {

constexpr std::size_t kListed = 100;

std::optional<std::string> read_record(const store::CallRecords& records, const std::string& sid) {
    return records.read(sid);
}

net::Task<std::optional<std::string>> read_there(const store::CallRecords* records, std::string sid) {
    co_return read_record(*records, sid);
}

net::HttpResponse carrier_error(const rest::Error& error) {
    return json_error(503, "unavailable", error.text());
}

}  // namespace

struct AdminApi::Impl {
    Services services;
    asio::thread_pool files{1};

    explicit Impl(Services given) : services(std::move(given)) {}
    ~Impl() { files.join(); }

    net::Task<net::HttpResponse> dial(std::string body) {
        PostedFields fields(body);
        control::DialWish wish;
        wish.agent = fields.text("agent", true, 64);
        wish.to = fields.text("to", true, 255);
        wish.from = fields.text("from", false, 255);
        wish.machine = control::machine_policy(fields.choice("machine", "ignore", {"ignore", "hangup", "drop"})).value_or(control::MachinePolicy::ignore);
        wish.drop_text = fields.text("drop_text", false, 2000);
        wish.ring = std::chrono::seconds(fields.whole("ring_seconds", 30, 5, 600));
        wish.time_limit = std::chrono::seconds(fields.whole("time_limit_seconds", 3600, 1, 86'400));
        wish.record = fields.flag("record", false);
        wish.send_digits = fields.text("send_digits", false, 32);
        wish.caller_id = fields.text("caller_id", false, 255);
        wish.sip_user = fields.text("sip_user", false, 255);
        wish.sip_password = Secret(fields.text("sip_password", false, 255));
        for (auto& [name, value] : fields.texts("parameters")) wish.parameters[name] = value;
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        auto placed = co_await services.outbound.place(std::move(wish), By{});
        if (placed.why != control::Refusal::none)
            co_return json_error(placed.why == control::Refusal::not_allowed ? 403 : status_of(placed.why), control::name(placed.why), placed.sentence,
                                 placed.field);
        co_return json_answer(201, dial_json(placed.dial));
    }

    [[nodiscard]] net::HttpResponse list() const {
        Json calls = Json::array(), dials = Json::array();
        for (const auto& live : services.registry.live(Clock::now()))
            calls.push_back({{"call_sid", live.call_sid}, {"agent", live.agent}, {"age_s", live.age.count()}});
        for (const auto& view : services.outbound.newest(kListed)) dials.push_back(dial_json(view));
        return json_answer(200, {{"calls", std::move(calls)}, {"outbound", std::move(dials)}});
    }

    net::Task<net::HttpResponse> record(std::string sid) {
        if (services.records == nullptr) co_return json_error(404, "no_records", "No records are kept: set records.enabled.");
        // The disk may be slow; what waits on this loop is every other request of operators.
        auto reading = read_there(services.records, sid);
        auto text = co_await asio::co_spawn(files, std::move(reading), asio::use_awaitable);
        if (!text) co_return json_error(404, "no_such_call", "There is no record of this call.");
        net::HttpResponse response(200, "application/json", std::move(*text) + "\n");
        response.headers.add("Cache-Control", "no-store");
        co_return response;
    }

    [[nodiscard]] net::HttpResponse status(const std::string& key) const {
        if (const auto view = services.outbound.view(key)) return json_answer(200, dial_json(*view));
        for (const auto& live : services.registry.live(Clock::now()))
            if (live.call_sid == key)
                return json_answer(
                    200, {{"call_sid", key}, {"status", "in_progress"}, {"agent", live.agent}, {"age_s", live.age.count()}, {"direction", "inbound"}});
        if (const auto outcome = services.registry.outcome(key))
            return json_answer(200, {{"call_sid", key},
                                     {"status", "left"},
                                     {"agent", outcome->agent},
                                     {"reason", conversation::name_of(outcome->reason)},
                                     {"message", "Its agent's part is over; the call itself may go on."}});
        return json_error(404, "no_such_call", "This gateway knows no such call.");
    }

    net::Task<net::HttpResponse> queues() {
        auto all = co_await services.carrier.queues();
        if (!all) co_return carrier_error(all.error());
        Json out = Json::array();
        for (const auto& queue : *all) {
            Json members = Json::array();
            if (queue.current_size.value_or(1) > 0 && out.size() < 20) {
                auto waiting = co_await services.carrier.queue_members(queue.sid);
                if (waiting)
                    for (const auto& member : *waiting)
                        members.push_back(
                            {{"call_sid", member.call_sid}, {"position", member.position.value_or(0)}, {"waited_s", member.wait_time.value_or(0)}});
            }
            out.push_back({{"name", queue.friendly_name}, {"sid", queue.sid}, {"size", queue.current_size.value_or(0)}, {"waiting", std::move(members)}});
        }
        co_return json_answer(200, {{"queues", std::move(out)}});
    }

    net::Task<net::HttpResponse> conferences() {
        auto all = co_await services.carrier.conferences();
        if (!all) co_return carrier_error(all.error());
        Json out = Json::array();
        for (const auto& room : *all) {
            Json people = Json::array();
            if (out.size() < 20) {
                auto inside = co_await services.carrier.participants(room.sid);
                if (inside)
                    for (const auto& person : *inside)
                        people.push_back({{"call_sid", person.call_sid},
                                          {"label", person.label},
                                          {"muted", person.muted},
                                          {"hold", person.hold},
                                          {"coaching", person.coaching},
                                          {"status", person.status}});
            }
            out.push_back({{"name", room.friendly_name}, {"sid", room.sid}, {"status", room.status}, {"participants", std::move(people)}});
        }
        co_return json_answer(200, {{"conferences", std::move(out)}});
    }

    net::Task<net::HttpResponse> act(std::string sid, std::string action, std::string body);
};

net::Task<net::HttpResponse> AdminApi::Impl::act(std::string sid, std::string action, std::string body) {
    PostedFields fields(body);
    const auto destination = [&](const char* name, bool required) {
        flows::Destination to;
        const auto text = fields.text(name, required, 512);
        std::string why;
        if (text.empty()) return to;
        if (const auto parsed = flows::parse_destination(text, &why)) return *parsed;
        fields.wrong(name, "It is no destination: " + why);
        return to;
    };
    auto& powers = services.powers;
    PowerResult result;
    if (action == "hangup") {
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        if (services.outbound.view(sid))
            result = co_await services.outbound.cancel(sid, By{});
        else
            result = co_await powers.hang_up(sid, By{});
    } else if (action == "transfer") {
        control::TransferWish wish;
        wish.to = destination("to", true);
        wish.summary = fields.text("summary", false, 2000);
        wish.ring = std::chrono::seconds(fields.whole("ring_seconds", 25, 5, 600));
        wish.detect_machine = fields.flag("detect_machine", false);
        wish.caller_id = fields.text("caller_id", false, 255);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.transfer(sid, std::move(wish), By{});
    } else if (action == "hold" || action == "resume" || action == "mute" || action == "unmute") {
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        if (action == "hold")
            result = co_await powers.hold(sid, By{});
        else if (action == "resume")
            result = co_await powers.resume(sid, By{});
        else
            result = co_await powers.mute(sid, action == "mute", By{});
    } else if (action == "join" || action == "coach") {
        control::JoinWish wish;
        wish.to = fields.text("to", true, 255);
        wish.caller_id = fields.text("caller_id", false, 255);
        wish.label = fields.text("label", false, 64);
        wish.ring = std::chrono::seconds(fields.whole("ring_seconds", 30, 5, 600));
        if (action == "join")
            wish.muted = fields.flag("muted", false);
        else
            wish.coach = sid;
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.join(sid, std::move(wish), By{});
    } else if (action == "say" || action == "announce") {
        auto text = fields.text("text", true, 2000);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        if (action == "say")
            result = co_await powers.say(sid, std::move(text), By{});
        else
            result = co_await powers.announce(sid, std::move(text), By{});
    } else if (action == "digits") {
        auto digits = fields.text("digits", true, 32);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.keys(sid, std::move(digits), By{});
    } else if (action == "record") {
        const auto what = fields.choice("what", "start", {"start", "pause", "resume", "stop"});
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        const auto tape = what == "start"    ? control::Tape::start
                          : what == "pause"  ? control::Tape::pause
                          : what == "resume" ? control::Tape::resume
                                             : control::Tape::stop;
        result = co_await powers.record(sid, tape, By{});
    } else if (action == "park") {
        auto slot = fields.text("slot", false, 64);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.park(sid, std::move(slot), By{});
    } else if (action == "pickup") {
        auto to = destination("to", false);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.pick_up(sid, std::move(to), By{});
    } else if (action == "redirect") {
        auto url = fields.text("url", true, 2048);
        if (auto wrong = fields.mistake()) co_return std::move(*wrong);
        result = co_await powers.redirect(sid, std::move(url), By{});
    } else {
        co_return json_error(404, "no_such_path", "There is nothing here.");
    }
    co_return power_answer(result);
}

namespace {

using Handler = std::function<net::Task<net::HttpResponse>(ApiRequest& request, std::string sid)>;

// A call is named by its CallSid, or by the dial it came from.
net::Task<net::HttpResponse> for_call(control::Outbound& outbound, const Handler& handler, bool as_given, ApiRequest& request) {
    auto sid = request.path["sid"];
    if (!twilio::is_wire_id(sid)) co_return json_error(400, "invalid", "That is no call's identifier.", "sid");
    if (!as_given)
        if (const auto view = outbound.view(sid); view && !view->call_sid.empty()) sid = view->call_sid;
    request.target = sid;
    auto answer = co_await handler(request, std::move(sid));
    co_return answer;
}

Json dial_schema() {
    namespace s = schema;
    return s::answer({{"dial", s::text("Our own name for it, from the beginning.")},
                      {"call_sid", s::or_null(s::text("The carrier's, once it has one."))},
                      {"agent", s::text()},
                      {"to", s::text()},
                      {"from", s::text()},
                      {"status", s::text()},
                      {"created", s::time()},
                      {"direction", s::text()},
                      {"reason", s::or_null(s::text("How it ended."))},
                      {"answered_by", s::or_null(s::text())},
                      {"duration_s", s::number()},
                      {"sip_code", s::number()},
                      {"message", s::text()}},
                     {"dial", "status"});
}

struct Action {
    const char* name;
    const char* summary;
    schema::Members members;
    std::vector<std::string> required;
};

std::vector<Action> actions() {
    namespace s = schema;
    const auto to = s::text("A number, sip:…, client:…, queue:NAME, conference:NAME, agent:NAME.", 512);
    return {
        {"hangup", "Hangs the call up; of one that rings, takes it back.", {}, {}},
        {"transfer",
         "Sends the caller elsewhere.",
         {{"to", to},
          {"summary", s::text("Told to whoever takes it, before.", 2000)},
          {"ring_seconds", s::whole({}, 5, 600)},
          {"detect_machine", s::flag()},
          {"caller_id", s::text({}, 255)}},
         {"to"}},
        {"hold", "Puts the caller on hold, with music.", {}, {}},
        {"resume", "Takes the caller back from hold.", {}, {}},
        {"mute", "Nobody hears the caller any more.", {}, {}},
        {"unmute", "They do again.", {}, {}},
        {"join",
         "Calls somebody into the call.",
         {{"to", s::text({}, 255)}, {"caller_id", s::text({}, 255)}, {"label", s::text({}, 64)}, {"ring_seconds", s::whole({}, 5, 600)}, {"muted", s::flag()}},
         {"to"}},
        {"coach",
         "Calls somebody in whom only our own side hears.",
         {{"to", s::text({}, 255)}, {"caller_id", s::text({}, 255)}, {"label", s::text({}, 64)}, {"ring_seconds", s::whole({}, 5, 600)}},
         {"to"}},
        {"say", "The agent says this.", {{"text", s::text({}, 2000)}}, {"text"}},
        {"announce", "Said to everybody in its conference.", {{"text", s::text({}, 2000)}}, {"text"}},
        {"digits", "Presses these keys.", {{"digits", s::text({}, 32)}}, {"digits"}},
        {"record", "The carrier's recording of it.", {{"what", s::choice({"start", "pause", "resume", "stop"})}}, {}},
        {"park", "Parks the caller.", {{"slot", s::text({}, 64)}}, {}},
        {"pickup", "Brings a parked caller to somebody.", {{"to", to}}, {}},
        {"redirect", "The carrier asks this URL what to do with it.", {{"url", s::text({}, 2048)}}, {"url"}}};
}

}  // namespace

AdminApi::AdminApi(Services services, ApiTable& table) : impl_(std::make_unique<Impl>(std::move(services))), table_(table) {
    auto& m = *impl_;
    namespace s = schema;
    table.add({.method = "POST",
               .pattern = "/v1/calls",
               .role = Role::operate,
               .summary = "Places a call.",
               .request = s::object({{"agent", s::text("Who talks.", 64)},
                                     {"to", s::text("A number, sip:user@host or client:name.", 255)},
                                     {"from", s::text("Caller id; default outbound.from.", 255)},
                                     {"machine", s::choice({"ignore", "hangup", "drop"}, "When a machine picks up.")},
                                     {"drop_text", s::text("Left on it.", 2000)},
                                     {"ring_seconds", s::whole({}, 5, 600)},
                                     {"time_limit_seconds", s::whole({}, 1, 86'400)},
                                     {"record", s::flag()},
                                     {"send_digits", s::text({}, 32)},
                                     {"caller_id", s::text({}, 255)},
                                     {"sip_user", s::text({}, 255)},
                                     {"sip_password", s::text({}, 255)},
                                     {"parameters", s::texts_by_name("What the agent shall know; 32 at most.")}},
                                    {"agent", "to"}),
               .response = dial_schema(),
               .handle = [&m](ApiRequest& request) { return m.dial(request.http.body); },
               .audit = "call.placed",
               .success = 201});
    table.add({.method = "GET",
               .pattern = "/v1/calls",
               .role = Role::read,
               .summary = "Calls that are live, and those we placed.",
               .response = s::answer({{"calls", s::list(s::answer({{"call_sid", s::text()}, {"agent", s::text()}, {"age_s", s::number()}}))},
                                      {"outbound", s::list(dial_schema())}}),
               .handle = [&m](ApiRequest&) -> net::Task<net::HttpResponse> { co_return m.list(); }});
    const auto of_call = [&](ApiRoute route, Handler handler, bool as_given = false) {
        route.handle = [&m, handler = std::move(handler), as_given](ApiRequest& request) { return for_call(m.services.outbound, handler, as_given, request); };
        table.add(std::move(route));
    };
    of_call({.method = "GET",
             .pattern = "/v1/calls/{sid}",
             .role = Role::read,
             .summary = "Its record.",
             .response = s::answer({{"call_sid", s::text()}}),
             .handle = {}},
            [&m](ApiRequest&, std::string sid) { return m.record(std::move(sid)); });
    of_call(
        {.method = "GET",
         .pattern = "/v1/calls/{sid}/status",
         .role = Role::read,
         .summary = "How it stands, by CallSid or dial.",
         .response = s::answer({{"status", s::text()}}, {"status"}),
         .handle = {}},
        [&m](ApiRequest&, std::string sid) -> net::Task<net::HttpResponse> { co_return m.status(sid); }, true);
    for (auto& action : actions()) {
        of_call({.method = "POST",
                 .pattern = std::string("/v1/calls/{sid}/") + action.name,
                 .role = Role::operate,
                 .summary = action.summary,
                 .request = s::object(std::move(action.members), std::move(action.required)),
                 .response = s::answer({{"done", s::flag()}, {"message", s::text()}}, {"done"}),
                 .handle = {},
                 .audit = std::string("call.") + action.name},
                [&m, name = std::string(action.name)](ApiRequest& request, std::string sid) { return m.act(std::move(sid), name, request.http.body); });
    }
    table.add({.method = "GET",
               .pattern = "/v1/queues",
               .role = Role::read,
               .summary = "Who waits in which queue.",
               .response = s::answer({{"queues", s::list(s::any())}}, {"queues"}),
               .handle = [&m](ApiRequest&) { return m.queues(); }});
    table.add({.method = "GET",
               .pattern = "/v1/conferences",
               .role = Role::read,
               .summary = "Who is in which conference.",
               .response = s::answer({{"conferences", s::list(s::any())}}, {"conferences"}),
               .handle = [&m](ApiRequest&) { return m.conferences(); }});
}

AdminApi::~AdminApi() = default;

net::Task<net::HttpResponse> AdminApi::handle(net::HttpRequest& request) {
    return table_.serve(request);
}

}  // namespace parley::admin
