package dev.bulkhead.e2e.bed;

/// How a command in a node ended.
///
/// @param status its exit status
public record Output(long status, String out, String err) {}
