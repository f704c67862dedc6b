#include "node.hpp"

namespace parley::twilio::twiml {
namespace {

Node node_of(const Prompt& prompt) {
    Node node(El::prompt);
    node.attr("for", prompt.for_).attr("errorType", prompt.error_type).attr("cardType", prompt.card_type);
    node.attr("attempt", prompt.attempt).attr("requireMatchingInputs", prompt.require_matching_inputs);
    add_children(node, prompt.prompts);
    return node;
}

}  // namespace

Node node_of(const Redirect& verb) {
    return Node(El::redirect, verb.url).attr("method", verb.method);
}

Node node_of(const Hangup& verb) {
    Node node(El::hangup);
    if (verb.parameter) node.child(node_of(*verb.parameter));
    return node;
}

Node node_of(const Reject& verb) {
    Node node(El::reject);
    node.attr("reason", verb.reason);
    if (verb.parameter) node.child(node_of(*verb.parameter));
    return node;
}

Node node_of(const Leave&) {
    return Node(El::leave);
}
Node node_of(const Echo&) {
    return Node(El::echo);
}

Node node_of(const Pay& verb) {
    Node node(El::pay);
    node.attr("input", verb.input).attr("action", verb.action).attr("paymentConnector", verb.payment_connector);
    node.attr("paymentMethod", verb.payment_method).attr("chargeAmount", verb.charge_amount).attr("currency", verb.currency);
    node.attr("description", verb.description).attr("tokenType", verb.token_type).attr("bankAccountType", verb.bank_account_type);
    node.attr("validCardTypes", verb.valid_card_types).attr("securityCode", verb.security_code).attr("postalCode", verb.postal_code);
    node.attr("minPostalCodeLength", verb.min_postal_code_length).attr("timeout", verb.timeout).attr("maxAttempts", verb.max_attempts);
    node.attr("language", verb.language).attr("statusCallback", verb.status_callback);
    node.attr("statusCallbackMethod", verb.status_callback_method);
    for (const Prompt& prompt : verb.prompts) node.child(node_of(prompt));
    add_children(node, verb.parameters);
    return node;
}

Node node_of(const Sms& verb) {
    Node node(El::sms, verb.text);
    node.attr("to", verb.to).attr("from", verb.from).attr("action", verb.action).attr("method", verb.method);
    return node.attr("statusCallback", verb.status_callback);
}

Node node_of(const Message& verb) {
    Node node(El::message, verb.text);
    node.attr("to", verb.to).attr("from", verb.from).attr("action", verb.action).attr("method", verb.method);
    node.attr("statusCallback", verb.status_callback);
    if (verb.body) node.child(Node(El::body, *verb.body));
    for (const std::string& url : verb.media) node.child(Node(El::media, url));
    return node;
}

}  // namespace parley::twilio::twiml
