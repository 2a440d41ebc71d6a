// Package browser drives a real Chromium from a test, over the pipe of the Chrome
// DevTools Protocol: no Node, no driver binary, no open port.
//
//	b := browser.Launch(t, testenv.Chromium(t))
//	p := b.Page(t, browser.Options{Width: 390, Dark: true})
//	p.Goto(srv.URL + "/login")
//	p.Fill("identifier", "ada@example.test")
//	p.Submit("submit")
//	if p.Text("error-code") != "" { … }
//
// Clicks and keys are input events of the browser, so they work on pages without
// JavaScript and only where a person could click. Each Page has cookies and storage
// of its own. Whatever goes wrong fails the test of the page; nothing waits longer
// than a bounded time.
package browser
