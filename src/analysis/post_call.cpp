#include "parley/analysis/post_call.hpp"

#include <nlohmann/json.hpp>

#include "parley/analysis/caller_profile.hpp"
#include "rules.hpp"

namespace parley::analysis {

namespace {

using nlohmann::json;

constexpr std::uint32_t kMostAnswer = 2000;  // tokens

std::string dumped(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}
json parsed(std::string_view text) {
    auto value = json::parse(text, nullptr, false);
    return value.is_object() ? value : json::object();
}
json text_type(const char* description = nullptr) {
    json made{{"type", "string"}};
    if (description != nullptr) made["description"] = description;
    return made;
}
json object_type(json properties, json required) {
    return {{"type", "object"}, {"properties", std::move(properties)}, {"required", std::move(required)}, {"additionalProperties", false}};
}

// References in a schema lead to its own top: such a one cannot be put into a bigger one.
bool stands_alone(std::string_view schema) {
    return schema.find("\"$ref\"") != std::string_view::npos;
}

json named_intents(const AnalysisSettings& settings) {
    json intent{{"type", "string"}};
    if (settings.intents.empty()) {
        intent["description"] = "What the caller wanted, in snake_case, two or three words.";
        return intent;
    }
    auto names = json::array();
    std::string help = "What the caller wanted most.";
    for (const auto& one : settings.intents) {
        names.push_back(one.name);
        if (!one.examples.empty()) help += " " + one.name + ": such as \"" + one.examples.front() + "\".";
    }
    names.push_back("other");
    intent["enum"] = std::move(names);
    intent["description"] = std::move(help);
    return intent;
}

json sentiment_type() {
    return object_type(
        {{"label", {{"type", "string"}, {"enum", {"positive", "neutral", "negative"}}}}, {"score", {{"type", "number"}, {"minimum", -1}, {"maximum", 1}}}},
        {"label", "score"});
}

bool judged(const Check& check) {
    return check.kind == "consent" || check.kind == "opt_out";
}

brain::ModelQuestion alone(const Subject& subject, std::string_view schema, std::string_view what) {
    brain::ModelQuestion question;
    question.instructions = "You read the transcript of a finished telephone call and extract \"" + std::string(what) +
                            "\" from it. Take only what was said; leave out what was not.";
    question.text = written(subject.lines, kMostTranscriptTokens);
    question.schema = schema;
    question.max_tokens = kMostAnswer;
    question.conversation = subject.call_sid;
    return question;
}

}  // namespace

std::string extraction_schema(std::string_view name, std::string_view given) {
    if (!given.empty()) return std::string(given);
    if (name == "appointment")
        return R"({"type":"object","properties":{"date":{"type":"string","description":"YYYY-MM-DD if it is known, else as it was said."},"time":{"type":"string","description":"HH:MM, 24 hours."},)"
               R"("service":{"type":"string","description":"What it is for."}},"additionalProperties":false})";
    if (name == "lead")
        return R"({"type":"object","properties":{"budget":{"type":"string"},"timeline":{"type":"string"},"decision_maker":{"type":"boolean","description":"Whether the caller decides."},)"
               R"("pain_points":{"type":"array","items":{"type":"string"}}},"additionalProperties":false})";
    return {};
}

Findings by_rules(const Subject& subject, const AnalysisSettings& settings) {
    json found{{"by", "rules"}};
    const auto summary = rules::summary(subject);
    const auto intent = rules::intent(subject, settings.intents);
    if (settings.summary) found["summary"] = summary;
    if (settings.action_items) found["action_items"] = rules::action_items(subject);
    if (settings.sentiment) found["sentiment"] = rules::sentiment(subject);
    if (settings.intent) found["intent"] = intent;
    for (const auto& [name, schema] : settings.extract) {
        if (name == "appointment" && schema.empty())
            found["extracted"][name] = rules::appointment(subject);
        else if (name == "lead" && schema.empty())
            found["extracted"][name] = rules::lead(subject);
        else
            found["extracted"][name] = nullptr;  // rules know nothing of another's schema
    }
    for (const auto& custom : settings.operators) {
        auto& at = found["operators"][custom.name];
        if (custom.rule.empty()) {
            at = {{"result", nullptr}, {"by", "rules"}, {"error", "needs a model"}};
        } else {
            at = rules::operator_rule(custom, subject);
            at["by"] = "rules";
        }
    }
    for (const auto& wanted : settings.compliance) {
        auto& at = found["compliance"][wanted.name];
        at = rules::check(wanted, subject);
        at["by"] = "rules";
    }
    Findings made;
    made.json = dumped(found);
    if (settings.remember_callers) {
        auto news = parsed(profile_news(subject, dumped({{"summary", summary}, {"intent", intent}})));
        // Of a schema of somebody's own the rules can fill only what is called the same.
        if (!settings.profile_schema.empty()) {
            const auto properties = parsed(settings.profile_schema).value("properties", json::object());
            for (auto member = news.begin(); member != news.end();) {
                if (properties.is_object() && properties.contains(member.key()))
                    ++member;
                else
                    member = news.erase(member);
            }
        }
        made.profile_news = dumped(news);
    }
    return made;
}

brain::ModelQuestion question_about(const Subject& subject, const AnalysisSettings& settings, std::string_view profile, bool* cut) {
    brain::ModelQuestion question;
    json properties = json::object();
    auto required = json::array();
    const auto want = [&](const char* key, json type, bool must = true) {
        properties[key] = std::move(type);
        if (must) required.emplace_back(key);
    };
    question.instructions =
        "You read the transcript of a finished telephone call between a caller and an agent and report on it as JSON. Take only what was said; invent nothing; "
        "leave out optional members that were not talked about.";
    if (settings.summary) want("summary", text_type("What the call was about and what came of it, in two or three sentences."));
    if (settings.action_items)
        want("action_items", {{"type", "array"},
                              {"description", "What somebody has promised to do, or was asked to do, after the call."},
                              {"items", object_type({{"who", {{"type", "string"}, {"enum", {"caller", "agent"}}}}, {"text", text_type()}}, {"who", "text"})}});
    if (settings.sentiment) want("sentiment", object_type({{"caller", sentiment_type()}, {"agent", sentiment_type()}}, {"caller", "agent"}));
    if (settings.intent) want("intent", named_intents(settings));
    json extracted = json::object();
    for (const auto& [name, given] : settings.extract) {
        const auto schema = extraction_schema(name, given);
        if (const auto type = json::parse(schema, nullptr, false); type.is_object() && !stands_alone(schema)) extracted[name] = type;
    }
    if (!extracted.empty()) want("extracted", object_type(std::move(extracted), json::array()));
    json operators = json::object();
    for (const auto& custom : settings.operators) {
        if (custom.prompt.empty()) continue;
        const auto own = json::parse(custom.schema, nullptr, false);
        auto type = own.is_object() && !stands_alone(custom.schema) ? own : text_type();
        type["description"] = custom.prompt + (custom.side == "both" ? "" : " (Judge what the " + custom.side + " said only.)");
        operators[custom.name] = std::move(type);
    }
    if (!operators.empty()) {
        auto all = json::array();
        for (const auto& [name, type] : operators.items()) all.push_back(name);
        want("operators", object_type(std::move(operators), std::move(all)));
    }
    json checks = json::object();
    for (const auto& check : settings.compliance)
        if (judged(check))
            checks[check.name] = object_type(
                {{"passed",
                  {{"type", "boolean"},
                   {"description", check.kind == "consent" ? "The agent asked for consent (to be recorded, or as the phrases say) and the caller gave it."
                                                           : "The caller did not ask to be left alone in future, or the agent said that this will be so."}}},
                 {"evidence", text_type("The words that decide it.")}},
                {"passed"});
    if (!checks.empty()) {
        auto all = json::array();
        for (const auto& [name, type] : checks.items()) all.push_back(name);
        want("compliance", object_type(std::move(checks), std::move(all)));
    }
    question.text = written(subject.lines, kMostTranscriptTokens, cut);
    const auto profile_schema = settings.profile_schema.empty() ? std::string(builtin_profile_schema()) : settings.profile_schema;
    if (!profile.empty() && !stands_alone(profile_schema)) {
        if (auto type = json::parse(profile_schema, nullptr, false); type.is_object()) {
            want("caller_profile", std::move(type));
            question.instructions +=
                " \"caller_profile\" is what shall be known of the caller at their next call: what is new or has changed compared with the profile that comes "
                "before the transcript.";
            question.text = "Profile so far: " + std::string(profile) + "\n\nTranscript:\n" + question.text;
        }
    }
    question.schema = dumped(object_type(std::move(properties), std::move(required)));
    question.max_tokens = kMostAnswer;
    question.conversation = subject.call_sid;
    return question;
}

Findings joined(Findings rules, std::string_view text, const AnalysisSettings& settings) {
    const auto answer = json::parse(text, nullptr, false);
    if (!answer.is_object()) return rules;
    auto found = parsed(rules.json);
    found["by"] = "model";
    for (const auto* key : {"summary", "action_items", "sentiment"})
        if (answer.contains(key) && found.contains(key)) found[key] = answer[key];
    if (answer.contains("intent") && found.contains("intent")) found["intent"] = {{"name", answer["intent"]}};
    if (found.contains("extracted")) {
        const auto given = answer.value("extracted", json::object());
        // What the model was asked for and left out was not talked about.
        for (auto& [name, value] : found["extracted"].items()) {
            const auto& own = settings.extract.find(name)->second;
            if (stands_alone(own)) continue;
            if (given.is_object() && given.contains(name))
                value = given[name];
            else
                value = json::object();
        }
    }
    const auto operators = answer.value("operators", json::object());
    if (operators.is_object())
        for (const auto& [name, value] : operators.items())
            if (found.contains("operators") && found["operators"].contains(name)) found["operators"][name] = {{"result", value}, {"by", "model"}};
    const auto checks = answer.value("compliance", json::object());
    if (checks.is_object())
        for (const auto& [name, value] : checks.items()) {
            if (!value.is_object() || !found.contains("compliance") || !found["compliance"].contains(name)) continue;
            auto& at = found["compliance"][name];
            at["passed"] = value.contains("passed") && value["passed"] == true;
            at.erase("evidence");
            if (value.contains("evidence") && value["evidence"].is_string()) at["evidence"] = value["evidence"];
            at["by"] = "model";
        }
    rules.json = dumped(found);
    if (settings.remember_callers && answer.contains("caller_profile") && answer["caller_profile"].is_object()) {
        auto news = answer["caller_profile"];
        const auto plain = parsed(rules.profile_news);
        // The built-in profile always says what the last call was about.
        if (settings.profile_schema.empty() && !news.contains("last_summary"))
            news["last_summary"] = answer.contains("summary") ? answer["summary"] : plain.value("last_summary", json(""));
        rules.profile_news = dumped(news);
    }
    return rules;
}

net::Task<Findings> look_back(Subject subject, Findings rules, std::shared_ptr<const AnalysisSettings> settings, std::string profile,
                              std::shared_ptr<brain::Model> model, boost::asio::any_io_executor executor, net::HttpClient& http, TimePoint deadline) {
    if (!model || settings->models.empty() || subject.lines.empty()) co_return rules;
    bool cut = false;
    auto question = question_about(subject, *settings, profile, &cut);
    auto answer = co_await model->ask(std::move(question), executor, http, deadline);
    Findings findings = answer.ok ? joined(std::move(rules), answer.text, *settings) : std::move(rules);
    findings.used = std::move(answer.used);
    auto found = parsed(findings.json);
    std::uint32_t input = answer.input_tokens, output = answer.output_tokens;
    if (answer.ok) {
        found["model"] = answer.model;
        found["vendor"] = answer.vendor;
    } else {
        found["fallback"] = answer.why;
    }
    if (cut) found["cut"] = true;
    for (const auto& [name, schema] : settings->extract) {
        if (!stands_alone(schema) || !answer.ok) continue;
        auto more = alone(subject, schema, name);
        const auto got = co_await model->ask(std::move(more), executor, http, deadline);
        findings.used.insert(findings.used.end(), got.used.begin(), got.used.end());
        input += got.input_tokens;
        output += got.output_tokens;
        auto value = got.ok ? json::parse(got.text, nullptr, false) : json();
        found["extracted"][name] = value.is_discarded() ? json() : std::move(value);
    }
    if (answer.ok && !profile.empty() && stands_alone(settings->profile_schema)) {
        auto more = alone(subject, settings->profile_schema, "the caller's profile");
        more.text = "Profile so far: " + profile + "\n\nTranscript:\n" + more.text;
        const auto got = co_await model->ask(std::move(more), executor, http, deadline);
        findings.used.insert(findings.used.end(), got.used.begin(), got.used.end());
        input += got.input_tokens;
        output += got.output_tokens;
        if (got.ok) findings.profile_news = got.text;
    }
    if (input + output > 0) found["tokens"] = {{"input", input}, {"output", output}};
    findings.json = dumped(found);
    co_return findings;
}

}  // namespace parley::analysis
