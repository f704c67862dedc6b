#pragma once

namespace parley::gateway {

struct Telephony;

// GET and POST /v1/calls/{sid}/analysis.
void add_analysis_routes(Telephony& telephony);
// GET /v1/callers, and GET, PUT, PATCH, DELETE /v1/callers/{number}/profile.
void add_profile_routes(Telephony& telephony);

}  // namespace parley::gateway
