#pragma once
// Finished calls are looked back at, by whichever instance claims the job: read, asked about, written into their record, their callers' profiles brought
// forward.

#include <memory>

#include "parley/net/task.hpp"
#include "parley/store/call_records.hpp"

namespace parley::gateway {

struct Telephony;

// On the control loop, but for kept().
class AnalysisJobs {
public:
    explicit AnalysisJobs(Telephony& telephony);
    ~AnalysisJobs();
    AnalysisJobs(const AnalysisJobs&) = delete;
    AnalysisJobs& operator=(const AnalysisJobs&) = delete;

    void start();
    net::Task<> close();
    // In the transaction that keeps a fact: the end of a talk wants an analysis where its agent does. Of a call that left its agent it waits for the carrier's
    // last word, or a while: it may come back.
    void kept(store::Session& session, const store::FactEvent& event) const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace parley::gateway
