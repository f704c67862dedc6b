#pragma once
// Result values at I/O and protocol edges. Start-up errors are exceptions; programming errors are assertions.

#include <boost/system/error_code.hpp>
#include <boost/system/result.hpp>

namespace parley {

using boost::system::error_code;

template <class T = void>
using Result = boost::system::result<T>;

}  // namespace parley
