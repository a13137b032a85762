/// What Bulkhead costs, measured: one class per measure, each adding figures and raw samples to a
/// `Report`. `BenchE2E` runs them (`make bench`); nothing here passes or fails by a figure's value.
package dev.bulkhead.e2e.bench;
