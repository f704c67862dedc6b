#pragma once

namespace parley::gateway {

struct Telephony;

// GET /v1/messages: what agents took down for somebody.
void add_messages_route(Telephony& telephony);

}  // namespace parley::gateway
