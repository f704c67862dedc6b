#pragma once
// One question to a language model beside the conversation: a summary, an extraction, a decision. With backups, budgets and breakers as calls have them.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "parley/base/clock.hpp"
#include "parley/base/result.hpp"
#include "parley/brain/ports.hpp"
#include "parley/brain/upstream.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/task.hpp"

namespace parley::brain {

struct ModelQuestion {
    std::string instructions;  // what to do: system prompt
    std::string text;          // on what: data, never instructions
    std::string schema;        // JSON Schema of the answer; empty: plain text
    std::uint32_t max_tokens = 512;
    std::string conversation;  // opaque id of the call, for caches and logs
};
struct ModelAnswer {
    bool ok = false;
    std::string text;  // with a schema: one JSON value that holds to it
    std::string why;   // of a failure: "timeout", "no_model", "invalid_answer", a vendor's failure
    std::string vendor, model;
    std::uint32_t input_tokens = 0, output_tokens = 0;
    std::vector<VendorRecord> used{};  // one a request that was made, for whoever counts; `began` is not told
};

// Stateless; any number of questions at once, each on the loop that asks.
class Model {
public:
    virtual ~Model() = default;
    // An answer that is no JSON, or breaks the schema, is asked for once more within the deadline, with what was wrong.
    virtual net::Task<ModelAnswer> ask(ModelQuestion question, boost::asio::any_io_executor executor, net::HttpClient& http, TimePoint deadline) = 0;
};

// `models` in the order they are asked; empty: every answer is "no_model".
[[nodiscard]] std::shared_ptr<Model> make_model(std::vector<vendors::Endpoint> models, VendorMakers makers, std::shared_ptr<UpstreamShared> shared);

}  // namespace parley::brain
