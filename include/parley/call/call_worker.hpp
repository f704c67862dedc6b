#pragma once

#include "parley/base/metrics.hpp"
#include "parley/net/http_client.hpp"
#include "parley/net/tick_wheel.hpp"
#include "parley/net/worker.hpp"

namespace parley::call {

// A worker as calls see it: its loop, its 20 ms beat, its cells for per-frame counts. Touched on that worker's thread only.
struct CallWorker {
    net::Worker& loop;
    net::TickWheel& ticks;
    WorkerMetrics& cells;
    net::HttpClient& http;  // for what its calls ask of vendors
};

}  // namespace parley::call
