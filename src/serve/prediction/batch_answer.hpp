// What a service's thread does with the pictures that it took from the queue.

#pragma once

#include "imaging/codec.hpp"
#include "serve/prediction/job_queue.hpp"

namespace thimble::serve {

/// Decodes a batch, brings the pictures into the model's style, has the model predict them at once,
/// and calls `done` for the jobs that are complete with it. A picture that cannot be read, a model
/// that fails and too little memory become errors of the pictures concerned.
void answer_batch(const Batch& batch, const DecodeLimits& limits);

}  // namespace thimble::serve
