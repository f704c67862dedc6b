#pragma once
// What one call's model may have done, and the life of each wish: known, well-formed, within the limits, not done already, confirmed by the caller if it has to
// be; then run, and exactly one result. Built-in tools and declared ones alike.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/any_io_executor.hpp>
#include <nlohmann/json_fwd.hpp>

#include "parley/brain/handset.hpp"
#include "parley/brain/ports.hpp"
#include "parley/tools/workshop.hpp"

namespace parley::tools {

class CallTools final : public brain::Actions {
public:
    struct Parts {
        std::shared_ptr<Workshop> shop;
        std::shared_ptr<Catalog> catalog;         // null: built-in ones only
        std::unique_ptr<brain::Actions> builtin;  // null: none; performs what it offers; "variables" of its results (texts by name) are kept for the call
        brain::CallFacts facts;
        boost::asio::any_io_executor executor;         // the call's
        std::map<std::string, std::string> transfers;  // by name: where a tool's answer may send the caller
        std::uint32_t per_turn = 6, per_call = 30;
        // Tells this talk from others under the same identifier, whose turns count from 0 as well; empty: a call's first session, which goes on elsewhere under
        // the same keys.
        std::string session{};
        bool masks = false;                 // the agent masks what it keeps
        brain::Handset* handset = nullptr;  // for collect_digits; null: it is not offered
    };
    explicit CallTools(Parts parts);
    ~CallTools() override;

    [[nodiscard]] const std::vector<brain::ActionSpec>& specs() const override { return specs_; }
    void perform(brain::ActionRequest request, std::function<void(brain::ActionResult)> done) override;
    [[nodiscard]] bool answers_all() const override { return true; }
    void caller_said(std::string_view text) override;
    void caller_interrupted() override;
    void transferring(std::string_view target, std::string_view summary) override;

private:
    using Done = std::function<void(brain::ActionResult)>;
    struct Offered {
        std::shared_ptr<const Tool> tool;  // null: a built-in one
        std::shared_ptr<const JsonSchema> schema;
        bool consequential = false;
        bool own = false;  // done here: collect_digits
    };
    struct Wish {
        std::string name, label, arguments, key;
        std::int64_t at_ms = 0;
        TimePoint began;
    };
    // One that is being done, or was in this turn.
    struct Made {
        std::shared_ptr<Workshop::Work> work;
        bool gives_up = false, over = false;
        std::optional<Wish> wish{};  // of one without work, until its result
        std::uint64_t number = 0;    // as ToolRun::number
        std::vector<Done> waiting;   // who asked the same meanwhile
        brain::ActionResult result;
    };

    void offer(brain::ActionSpec spec, Offered offered);
    [[nodiscard]] std::string confirmation(const std::string& name, const std::string& arguments) const;
    void refuse(const Wish& wish, std::string kind, std::string sentence, Done done);
    void answer(Done done, brain::ActionResult result);
    void ended(const std::string& key, const ToolOutcome& outcome);
    [[nodiscard]] brain::ActionResult result_of(const ToolOutcome& outcome);
    void settle(const std::string& key, brain::ActionResult result);
    void keep(const std::string& name, const std::string& value);
    void collect(const Wish& wish, const nlohmann::json& arguments);
    [[nodiscard]] std::string digits_state(const Offered& offered) const;

    Parts parts_;
    std::vector<brain::ActionSpec> specs_;
    std::map<std::string, Offered, std::less<>> offered_;
    std::map<std::string, std::string> variables_;
    struct Collected {
        Secret keys;
        std::uint32_t times = 0;
    };
    std::map<std::string, Collected> digits_;  // what the caller pressed, by name; for tools that name it and nobody else
    std::set<std::string> secret_names_;       // what a tool is given is a secret whatever the model says
    std::map<std::string, Made> made_;
    std::set<std::string> asked_, confirmed_;  // name and arguments: the caller is being asked; has said yes in this turn
    std::uint32_t turn_ = 0, in_turn_ = 0, in_call_ = 0, strikes_ = 0;
    std::uint64_t number_ = 0;
    TimePoint began_ = Clock::now();
    std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

// The same for the same wish, wherever it is computed.
[[nodiscard]] std::string idempotency_key(std::string_view call_sid, std::uint32_t turn, std::string_view tool, std::string_view canonical_arguments);

}  // namespace parley::tools
