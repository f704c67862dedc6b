#pragma once
// Places among the calls that may run at once, in the store: one row a call, renewed by the instance that has it, gone by itself when that instance is. All
// inside a transaction of the caller's, on a store's thread.

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parley/base/clock.hpp"
#include "parley/store/database.hpp"

namespace parley::policy {

struct Caps {
    std::uint32_t agent = 0, account = 0, fleet = 0;  // 0: no limit
    [[nodiscard]] bool any() const { return agent != 0 || account != 0 || fleet != 0; }
};
enum class Scope : std::uint8_t { none, agent, account, fleet };
[[nodiscard]] std::string_view name(Scope scope);

// What a call has to do with its agent's line, in which it stands behind whoever came before it, wherever that was.
enum class Line : std::uint8_t {
    none,
    joins,   // it stands there until it has a place
    inside,  // the same, asked from within: a place to which somebody calls it in is left to them
    called   // asked by who would call it in: nothing unless it stands there, and there it stands until it has come
};
struct Wish {
    std::string call_sid, agent, account;
    Line line = Line::none;
    std::string was{};  // the name under which its place was taken before it had this one; empty: none
};
struct Taken {
    bool admitted = false;
    bool fresh = false;                               // it had no place before
    Scope full = Scope::none;                         // which limit was in the way
    std::uint32_t position = 0;                       // in the line, from 1; 0: it stands in none
    std::optional<std::chrono::milliseconds> called;  // somebody has been calling it in for so long
};
// Exact: of any number of calls that ask at the same time through any number of connections no more than the cap get in. A call that has a place already keeps
// it, held by the instance that asked last; with another agent it has to fit under that one's cap, and stays where it was if it does not.
[[nodiscard]] Taken take_place(store::Session& session, const Wish& wish, const Caps& caps, std::string_view instance, std::chrono::milliseconds lease);

struct Held {
    Wish call;
    bool live = false;  // its stream runs here: whoever had the place before, it is ours now
    TimePoint seen{};   // that it does: who has taken the place since, keeps it. None: now
};
struct Renewed {
    std::vector<std::string> elsewhere;                                      // of those asked for and not live here: another instance has them
    std::uint32_t instances = 1;                                             // that were seen lately, this one included
    std::map<std::string, std::uint32_t, std::less<>> by_agent, by_account;  // running, in the whole fleet
    std::uint32_t running = 0;
    std::uint32_t waiting = 0;  // in all lines
};
// Renews what this instance holds, takes up what is missing, lets go what it does not know of (an answer that came too late) and what nobody renews any more.
[[nodiscard]] Renewed renew_places(store::Session& session, std::string_view instance, const std::vector<Held>& held, std::chrono::milliseconds lease);
void free_places(store::Session& session, std::string_view instance, const std::vector<std::string>& call_sids);
// This call needs no place any more, whichever instance holds it; what it took within the last `ago` it needs after all.
void forget_call(store::Session& session, std::string_view call_sid, std::chrono::milliseconds ago);

// Who is next, one for each agent for which somebody waits that is not being called in. (Joining a line and leaving it for a place is take_place()'s.)
[[nodiscard]] std::vector<Wish> first_in_line(store::Session& session);
// Not if it has come back there within the last `ago`.
void leave_line(store::Session& session, std::string_view call_sid, std::chrono::milliseconds ago);
// The call is over: what was asked for it before that and is answered now gets no place, and stands in no line.
void end_call(store::Session& session, std::string_view call_sid);
// The call that was placed has its name now.
void rename_place(store::Session& session, std::string_view instance, const std::string& was, const std::string& call_sid);

// The instance goes down in order: what it holds is free at once.
void leave(store::Session& session, std::string_view instance);

// The store's clock: instances' own may differ.
[[nodiscard]] std::int64_t clock_of(store::Session& session);

}  // namespace parley::policy
