#include "parley/net/error.hpp"

#include <string>

namespace parley::net {
namespace {

// Boost's base has no virtual destructor on purpose: categories are never deleted through it.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "parley.net"; }
    std::string message(int value) const override {
        switch (static_cast<Errc>(value)) {
            case Errc::closed:
                return "connection closed";
            case Errc::end_of_stream:
                return "end of stream";
            case Errc::timed_out:
                return "deadline passed";
            case Errc::cancelled:
                return "cancelled";
            case Errc::overload:
                return "limit reached";
            case Errc::bad_url:
                return "bad URL";
            case Errc::resolve_failed:
                return "name not resolved";
            case Errc::connect_failed:
                return "no address answered";
            case Errc::tls_failed:
                return "TLS handshake failed";
            case Errc::malformed:
                return "malformed message";
            case Errc::refused:
                return "upgrade refused";
            case Errc::too_large:
                return "message too large";
            case Errc::too_many_redirects:
                return "too many redirects";
            case Errc::busy:
                return "another reader is waiting";
            case Errc::blocked:
                return "address not allowed";
        }
        return "unknown";
    }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& error_category() {
    static const Category category;
    return category;
}

}  // namespace parley::net
