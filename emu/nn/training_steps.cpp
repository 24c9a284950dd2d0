#include "emu/nn/training_steps.hpp"

#include "emu/nn/loss.hpp"
#include "emu/nn/optimizer.hpp"
#include "emu/nn/schedule.hpp"
#include "traces/base/error.hpp"

#include <algorithm>
#include <cmath>

namespace quatrain::emu {
namespace {

using traces::Pass;

constexpr std::int64_t most_steps = 4'294'967'296;  // a step is 32 bits of the draws' counter

std::int64_t steps_in(std::int64_t images, std::int64_t batch) { return (images + batch - 1) / batch; }

}  // namespace

TrainingSteps::TrainingSteps(const TrainingConfig& config, const DataSet& data, base::ThreadPool& pool,
                             SimdPath path, traces::Machine* machine)
    : config_(config),
      pool_(pool),
      context_{.pool = pool, .seed = config.seed, .path = path},
      network_(config, path),
      train_count_(data.train->count()),
      batches_(*data.train, config.data),
      per_epoch_(steps_in(train_count_, config.batch)) {
  if (machine != nullptr) context_.machine = &machine_steps_.emplace(*machine);
  if (per_epoch_ * config_.epochs >= most_steps)
    throw base::Error("{}: {} epochs of {} steps; expected fewer than 2^32 steps", config_.name,
                      config_.epochs, per_epoch_);
}

float TrainingSteps::rate_at(std::int64_t step) const {
  return learning_rate_at(config_.learning_rate, step, per_epoch_, config_.epochs);
}

void TrainingSteps::begin_epoch(std::int64_t epoch) {
  epoch_ = epoch;
  order_ = sample_order(config_.seed, static_cast<std::uint32_t>(epoch_),
                        static_cast<std::uint32_t>(train_count_));
}

std::size_t TrainingSteps::first_sample(std::int64_t step) const {
  return static_cast<std::size_t>((step - epoch_ * per_epoch_) * config_.batch);
}

std::size_t TrainingSteps::sample_count(std::int64_t step) const {
  return std::min(static_cast<std::size_t>(train_count_) - first_sample(step),
                  static_cast<std::size_t>(config_.batch));
}

void TrainingSteps::make(const BatchMaker& batches, std::span<const std::uint32_t> samples,
                         const std::optional<TrainingPass>& pass) {
  const ProfiledPart part(context_.profile, "batch of images");
  images_.resize(static_cast<std::int64_t>(samples.size()), image_extent(config_.data));
  labels_.resize(samples.size());
  batches.make(samples, pass, images_.values(), labels_, pool_);
}

void TrainingSteps::make_batch(std::int64_t step) {
  context_.step = static_cast<std::uint32_t>(step);
  context_.pass = Pass::train;
  make(batches_, std::span<const std::uint32_t>(order_).subspan(first_sample(step), sample_count(step)),
       TrainingPass{config_.seed, static_cast<std::uint32_t>(epoch_)});
}

float TrainingSteps::train(std::int64_t step, std::span<float> losses) {
  if (context_.tensors != nullptr) {
    const Extent& extent = images_.extent();
    context_.tensors->made(StepPart::images, images_input, "",
                           {images_.batch(), extent.channels, extent.height, extent.width}, images_.values());
  }
  const Tensor& logits = network_.forward(images_, context_);
  const float loss = loss_with_gradient(logits, losses);
  if (context_.tensors != nullptr)
    context_.tensors->made(StepPart::losses, images_input, "", {std::ssize(losses)}, losses);
  network_.backward(logits_gradient_, context_);
  const ProfiledPart part(context_.profile, "update of the parameters");
  update_parameters(network_.parameters(), config_.optimizer, rate_at(step), pool_);
  return loss;
}

float TrainingSteps::loss_with_gradient(const Tensor& logits, std::span<float> losses) {
  const ProfiledPart part(context_.profile, "loss");
  cross_entropy_with_gradient(logits, labels_, losses, logits_gradient_);
  const float loss = mean(losses);
  if (!std::isfinite(loss)) throw base::Error("the loss is {}", loss);
  return loss;
}

const Tensor& TrainingSteps::evaluate(const BatchMaker& batches, std::span<const std::uint32_t> samples) {
  make(batches, samples, std::nullopt);
  return network_.forward(images_, context_);
}

}  // namespace quatrain::emu
