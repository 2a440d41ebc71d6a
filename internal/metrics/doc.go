// Package metrics keeps what operators watch, in the form Prometheus reads. It is
// the only package that knows the Prometheus library.
//
// What happens is told to a Registry (Observe, SignIn, Federation, Hash); what stands is read
// from Sources when somebody scrapes. Labels are few and from closed sets: route
// patterns, outcomes, classes. No label ever holds an id, an address or anything
// that a request chose (AU-62); whatever is not in its set is counted as "other".
//
// Handler belongs on the admin listener and nowhere else. This package uses
// net/http because a scrape is an HTTP request by nature.
package metrics
