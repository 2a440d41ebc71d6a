// Package mortisetest runs a real Mortise in a test: the same pages, flows, limits
// and database as in production, on a store of its own, with a clock the test
// moves, a mailbox instead of a mail server, and a browser that reads forms.
//
//	srv := mortisetest.NewServer(t)
//	srv.Mount(newApp(srv.Auth)) // your handler, built as in production
//
//	editor := srv.User(t, mortisetest.Role("editor"))
//	mortisetest.Do(t, srv, editor.Post("/posts", `{"title":"hi"}`)).Status(201)
//
//	b := srv.Browser(t)
//	b.Open("/auth/login").Fill("identifier", editor.Email).Fill("password", editor.Password).Submit()
//
// Nothing listens unless asked: requests are handed to the handler. Client gives an
// http.Client that goes over TLS, Listen a plain address for other programs.
//
// # Time
//
// Server.Clock stands still until it is moved, and everything follows it: expiry,
// waiting periods, limits. After a move the session cache has no proof that it is
// up to date until the store was asked again, at most 250 ms of real time later;
// until then checks read the store, so answers are right, only slower. Limits are
// as strict as in production: a test that signs in very often moves the clock or
// uses another Browser, because each comes from an address of its own.
//
// # What differs from production
//
// Password hashes cost next to nothing, mail goes to the Inbox, and the database
// is not synced to the disk. No setting of a server leads to any of it.
package mortisetest
