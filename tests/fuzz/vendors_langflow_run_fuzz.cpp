#include "parley/vendors/langflow/run.hpp"
#include "vendors_lm_reader.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    return parley::vendors::fuzz_reader(parley::vendors::make_langflow_reader, data, size);
}
