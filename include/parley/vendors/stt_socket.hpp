#pragma once

#include <memory>

#include "parley/vendors/link.hpp"
#include "parley/vendors/stt.hpp"
#include "parley/vendors/stt_protocol.hpp"

namespace parley::vendors {

// A recognition stream over one WebSocket, speaking `protocol`. Audio given before the vendor has accepted is kept, 5 s
// at most, beyond which it has failed; up to 1 s of it is sent at once, the rest at twice its pace, since vendors close
// on bursts. Not accepted within `connect_within` of open(), the upgrade included: Failure timeout. A vendor that
// announces an error and then closes is reported by its announcement.
[[nodiscard]] std::unique_ptr<SttStream> make_stt_stream(std::unique_ptr<SttProtocol> protocol, std::chrono::milliseconds connect_within, const Link& link,
                                                         SttSink& sink);

}  // namespace parley::vendors
