#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parley/brain/ports.hpp"
#include "parley/flows/relay_settings.hpp"

namespace parley::call {

// What a call's brain may do, and `switch_language` besides when the agent has languages to switch to.
class RelayActions final : public brain::Actions {
public:
    // Goes on in this language; false: it could not be sent.
    using Switch = std::function<bool(const flows::RelayLanguage& to)>;
    RelayActions(std::unique_ptr<brain::Actions> others, const flows::RelaySettings& settings, Switch change, boost::asio::any_io_executor executor);

    [[nodiscard]] const std::vector<brain::ActionSpec>& specs() const override { return specs_; }
    void perform(brain::ActionRequest request, std::function<void(brain::ActionResult)> done) override;
    [[nodiscard]] bool answers_all() const override { return others_ && others_->answers_all(); }
    void caller_said(std::string_view text) override {
        if (others_) others_->caller_said(text);
    }
    void caller_interrupted() override {
        if (others_) others_->caller_interrupted();
    }
    void transferring(std::string_view target, std::string_view summary) override {
        if (others_) others_->transferring(target, summary);
    }

private:
    [[nodiscard]] brain::ActionResult change_language(const std::string& arguments) const;

    std::unique_ptr<brain::Actions> others_;
    std::vector<flows::RelayLanguage> languages_;
    Switch change_;
    boost::asio::any_io_executor executor_;
    std::vector<brain::ActionSpec> specs_;
    std::shared_ptr<int> here_ = std::make_shared<int>(0);
};

}  // namespace parley::call
