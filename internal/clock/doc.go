// Package clock notices that the clock is wrong, and moves one in tests.
//
// A wall clock that jumps forward makes sweepers delete what is still good and
// retires keys early; one that jumps back revives what is over (TH-4). Guard
// compares the wall clock with monotonic time and, where the database keeps a
// clock of its own, with that. While they disagree by more than a minute it is
// not steady: sweepers, key schedules and waiting periods stand still. It is
// steady again when the wall clock returns, when an independent database agrees
// with the new time, or after a restart.
//
// Small drift, as a time daemon slews a clock, is followed slowly enough that a
// jump in small steps is still a jump. Monotonic time may stop while a machine
// sleeps; waking up is then a jump, and rightly: everybody else went on.
package clock
