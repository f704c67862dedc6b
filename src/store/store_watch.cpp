#include "store_watch.hpp"

namespace parley::store {

namespace {

std::string_view outcome_of(StoreErrc code) {
    switch (code) {
        case StoreErrc::unavailable:
            return "unavailable";
        case StoreErrc::busy:
            return "busy";
        case StoreErrc::full:
            return "full";
        case StoreErrc::io:
            return "io_error";
        case StoreErrc::corrupt:
            return "corrupt";
        case StoreErrc::constraint:
            return "constraint";
        case StoreErrc::timeout:
            return "timeout";
        case StoreErrc::statement:
            return "statement";
    }
    return "statement";
}

}  // namespace

void StoreWatch::count(std::string_view op, std::string_view outcome, Duration took) {
    if (metrics_ == nullptr) return;
    metrics_->store_operations.at(op, outcome).add();
    metrics_->store_operation_duration.at(op, outcome).observe(took);
}

void StoreWatch::succeeded(std::string_view op, Duration took) {
    count(op, "ok", took);
    found();
}

void StoreWatch::failed(std::string_view op, StoreErrc code, std::string_view what, Duration took) {
    count(op, outcome_of(code), took);
    switch (code) {
        case StoreErrc::unavailable:
            lost(what);
            return;
        case StoreErrc::busy:
            log_.warn("store.busy", "The store was locked or in conflict for too long.", {{"error.type", what}, {"dur_ms", took}});
            return;
        case StoreErrc::timeout:
            log_.warn("store.busy", "The store did not answer in time.", {{"reason", "timeout"}, {"error.type", what}, {"dur_ms", took}});
            return;
        case StoreErrc::full:
            available_ = false;
            log_.error("store.full", "The store has no room left.", {{"error.type", what}});
            return;
        case StoreErrc::io:
            available_ = false;
            log_.error("store.io_error", "The store cannot read or write.", {{"error.type", what}});
            return;
        case StoreErrc::corrupt:
            available_ = false;
            log_.error("store.io_error", "The store is damaged.", {{"reason", "corrupt"}, {"error.type", what}});
            return;
        case StoreErrc::statement:
            log_.error("store.statement", "The store refused a statement.", {{"error.type", what}});
            return;
        case StoreErrc::constraint:
            return;  // whoever asked decides what it means
    }
}

void StoreWatch::waiting(Duration so_far) {
    log_.warn("store.busy", "The store is locked by somebody else.", {{"reason", "locked"}, {"dur_ms", so_far}});
}

void StoreWatch::lost(std::string_view what) {
    available_ = false;
    log_.warn("store.unavailable", "The store cannot be reached.", {{"error.type", what}});
}

void StoreWatch::found() {
    if (!available_.exchange(true)) log_.info("store.available", "The store answers again.");
}

}  // namespace parley::store
