// Package upstream runs local servers that answer as the services do that people
// sign in with: Google, Microsoft, Apple, GitLab and GitHub as their public
// documentation shows their answers, and a plain OpenID provider and OAuth 2.0
// service. Real HTTP and real TLS, with a certificate of a test authority.
//
// Each is strict about what it is sent, as the real one is, and remembers it. Its
// faults can be switched on one by one. Signing and checking are written here from
// the standard library, so that they share no mistake with what is tested.
//
//	google := upstream.Start(t, upstream.Google)
//	google.Be(upstream.Person{Subject: "1", Email: "ada@gmail.com", Verified: true})
//	answer := google.SignIn(t, address) // as a browser would bring it back
//	google.Break(upstream.Expired)
package upstream
