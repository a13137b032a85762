package dev.bulkhead.e2e.bed;

import java.nio.file.Path;

/// The bed from a command line: `up`, `down`, `status`, `kubeconfig`, `evidence FOLDER`.
public final class BedCli {
  private static final String USAGE = "usage: up | down | status | kubeconfig | evidence FOLDER";

  public static void main(String[] args) {
    try {
      run(args);
    } catch (IllegalArgumentException | IllegalStateException e) {
      System.err.println("bed: " + e.getMessage());
      System.exit(1);
    }
  }

  private static void run(String... args) {
    switch (String.join(" ", args).replaceFirst("^evidence .+", "evidence")) {
      case "up" -> System.out.println("bed: export KUBECONFIG=" + Bed.up().kubeconfig());
      case "down" -> Bed.down();
      case "status" -> System.out.println(Bed.running().isPresent() ? "up" : "down");
      case "kubeconfig" -> System.out.println(needed().kubeconfig());
      case "evidence" -> Evidence.collect(needed(), Path.of(args[1]));
      default -> throw new IllegalArgumentException(USAGE);
    }
  }

  private static Bed needed() {
    return Bed.running()
        .orElseThrow(() -> new IllegalStateException("no bed is up: start one by `make bed`"));
  }

  private BedCli() {}
}
