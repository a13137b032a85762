package dev.bulkhead.operator.virtualmachine;

/// What came of a plan.
sealed interface Outcome {
  record Done() implements Outcome {}

  /// The API server refused; the status says so and it is tried again.
  record Refused(Reason reason, String message) implements Outcome {}
}
