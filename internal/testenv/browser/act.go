package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"time"
)

// loadTime is how long a page that is left may still load.
const loadTime = 5 * time.Second

// Goto loads a page and waits until it has loaded with all it refers to.
func (p *Page) Goto(url string) {
	p.t.Helper()
	p.loading("opening "+url, func() {
		var nav struct{ ErrorText string }
		p.Call("Page.navigate", map[string]any{"url": url}, &nav)
		if nav.ErrorText != "" {
			p.t.Fatalf("browser: %s: %s", url, nav.ErrorText)
		}
	})
}

// Reload loads the page again.
func (p *Page) Reload() {
	p.t.Helper()
	p.loading("reloading", func() { p.Call("Page.reload", nil, nil) })
}

// Back goes one step back in the history, as the button does.
func (p *Page) Back() {
	p.t.Helper()
	var history struct {
		CurrentIndex int
		Entries      []struct{ ID int }
	}
	p.Call("Page.getNavigationHistory", nil, &history)
	if history.CurrentIndex == 0 {
		p.t.Fatalf("browser: there is no page to go back to from %s", p.URL())
	}
	p.loading("going back", func() {
		p.Call("Page.navigateToHistoryEntry", map[string]any{"entryId": history.Entries[history.CurrentIndex-1].ID}, nil)
	})
}

// Fill replaces what the field with this id holds.
func (p *Page) Fill(id, value string) {
	p.t.Helper()
	object := p.element(id)
	p.Call("DOM.focus", map[string]any{"objectId": object}, nil)
	p.Call("Runtime.callFunctionOn", map[string]any{"objectId": object, "functionDeclaration": "function() { this.select() }"}, nil)
	if value == "" {
		p.Press("Delete")
		return
	}
	p.Call("Input.insertText", map[string]any{"text": value}, nil)
}

// Press strikes one key that has no character, such as Tab, Enter or Delete.
func (p *Page) Press(key string) {
	p.t.Helper()
	codes := map[string]int{"Tab": 9, "Enter": 13, "Escape": 27, "Delete": 46, "Space": 32}
	code, ok := codes[key]
	if !ok {
		p.t.Fatalf("browser: no key %q", key)
	}
	down := map[string]any{"type": "rawKeyDown", "key": key, "code": key, "windowsVirtualKeyCode": code}
	if key == "Enter" || key == "Space" {
		down["type"], down["text"] = "keyDown", map[string]string{"Enter": "\r", "Space": " "}[key]
	}
	p.Call("Input.dispatchKeyEvent", down, nil)
	p.Call("Input.dispatchKeyEvent", map[string]any{"type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code}, nil)
}

// Click presses the middle of the element with this id, scrolled into view. It fails
// when something else covers that point.
func (p *Page) Click(id string) {
	p.t.Helper()
	object := p.element(id)
	var visible bool
	p.Eval(byID(id)+".checkVisibility()", &visible)
	if !visible {
		p.t.Fatalf("browser: %q is hidden on %s", id, p.URL())
	}
	p.Call("DOM.scrollIntoViewIfNeeded", map[string]any{"objectId": object}, nil)
	x, y := p.middle(id, object)
	p.mustHit(id, x, y)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.Call("Input.dispatchMouseEvent", map[string]any{"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}, nil)
	}
}

// Submit clicks and waits for the page that follows, redirects included.
func (p *Page) Submit(id string) {
	p.t.Helper()
	p.loading("clicking "+id, func() { p.Click(id) })
}

// Wait returns when the page has an element with this id: for what scripts add, and for
// a page that another one leads to by itself.
func (p *Page) Wait(id string) {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	// Asked, not awaited: a page without JavaScript keeps no promise.
	for deadline := time.Now().Add(patience); !p.Has(id); <-tick.C {
		if time.Now().After(deadline) {
			p.t.Fatalf("browser: no element with id %q came on %s", id, p.URL())
		}
	}
}

// settle waits until the page has loaded, or has had its time: its load event must
// not be taken for that of the page that follows.
func (p *Page) settle() {
	p.t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(loadTime); time.Now().Before(deadline); <-tick.C {
		// Asked, not awaited, as above.
		var state string
		if p.look("document.readyState", &state); state == "complete" {
			return
		}
	}
}

// loading runs act and waits for the load event that follows.
func (p *Page) loading(what string, act func()) {
	p.t.Helper()
	p.settle()
	before := p.watch.loads()
	act()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	if err := p.watch.loaded(ctx, before); err != nil {
		p.t.Fatalf("browser: %s: no page loaded: %v", what, err)
	}
}

// element finds an element by id.
func (p *Page) element(id string) (object string) {
	p.t.Helper()
	var found struct{ Result struct{ ObjectID string } }
	p.Call("Runtime.evaluate", map[string]any{"expression": byID(id)}, &found)
	if found.Result.ObjectID == "" {
		p.t.Fatalf("browser: no element with id %q on %s", id, p.URL())
	}
	return found.Result.ObjectID
}

func byID(id string) string {
	quoted, _ := json.Marshal(id)
	return fmt.Sprintf("document.getElementById(%s)", quoted)
}

func (p *Page) middle(id, object string) (x, y float64) {
	p.t.Helper()
	var shape struct{ Quads [][8]float64 }
	p.Call("DOM.getContentQuads", map[string]any{"objectId": object}, &shape)
	if len(shape.Quads) == 0 {
		p.t.Fatalf("browser: %q cannot be seen on %s", id, p.URL())
	}
	for i, v := range shape.Quads[0] {
		if i%2 == 0 {
			x += v / 4
		} else {
			y += v / 4
		}
	}
	return x, y
}

func (p *Page) mustHit(id string, x, y float64) {
	p.t.Helper()
	var hit bool
	p.Eval(fmt.Sprintf("(e => e.contains(document.elementFromPoint(%f, %f)))(%s)", x, y, byID(id)), &hit)
	if !hit {
		p.t.Fatalf("browser: something covers %q on %s", id, p.URL())
	}
}
