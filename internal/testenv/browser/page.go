package browser

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// Options say what the person in front of a Page has. Zero values: 1280 by 800
// pixels, light, JavaScript on, English.
type Options struct {
	Width, Height int
	Phone         bool // a touch screen
	Dark          bool
	NoScript      bool
	Language      string // Accept-Language, such as "de"
}

// Page is one tab with cookies and storage of its own. It belongs to one test and
// one goroutine.
type Page struct {
	t       testing.TB
	browser *Browser
	session string
	watch   *watch
}

// Page opens a new tab. It closes with t.
func (b *Browser) Page(t testing.TB, o Options) *Page {
	t.Helper()
	p := &Page{t: t, browser: b, watch: newWatch()}
	var own struct{ BrowserContextID string }
	p.Call("Target.createBrowserContext", map[string]any{"disposeOnDetach": true}, &own)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = b.conn.call(ctx, "", "Target.disposeBrowserContext", map[string]any{"browserContextId": own.BrowserContextID}, nil)
	})
	p.openTab(own.BrowserContextID)
	p.emulate(o)
	return p
}

func (p *Page) openTab(browserContext string) {
	p.t.Helper()
	var target struct{ TargetID string }
	p.Call("Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": browserContext}, &target)
	var attached struct{ SessionID string }
	p.Call("Target.attachToTarget", map[string]any{"targetId": target.TargetID, "flatten": true}, &attached)
	p.session = attached.SessionID
	p.browser.conn.listen(p.session, p.watch.event)
	for _, domain := range []string{"Page", "Runtime", "Log", "Network", "DOM"} {
		p.Call(domain+".enable", nil, nil)
	}
}

func (p *Page) emulate(o Options) {
	p.t.Helper()
	p.Resize(o.Width, o.Height, o.Phone)
	p.Dark(o.Dark)
	if o.NoScript {
		p.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	}
	if o.Language != "" {
		p.Call("Network.setExtraHTTPHeaders", map[string]any{"headers": map[string]string{"Accept-Language": o.Language}}, nil)
	}
}

// Resize sets the window in CSS pixels; 0 means 1280 by 800.
func (p *Page) Resize(width, height int, phone bool) {
	p.t.Helper()
	if width == 0 {
		width = 1280
	}
	if height == 0 {
		height = 800
	}
	p.Call("Emulation.setDeviceMetricsOverride", map[string]any{
		"width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone,
	}, nil)
	p.Call("Emulation.setTouchEmulationEnabled", map[string]any{"enabled": phone}, nil)
}

// Dark chooses what prefers-color-scheme answers.
func (p *Page) Dark(dark bool) {
	p.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	p.Call("Emulation.setEmulatedMedia", map[string]any{
		"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}},
	}, nil)
}

// Call sends any command of the DevTools Protocol to the page, for what has no
// method here, and decodes its result into out, unless that is nil.
func (p *Page) Call(method string, params, out any) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	if err := p.browser.conn.call(ctx, p.session, method, params, out); err != nil {
		p.t.Fatalf("browser: %v", err)
	}
}

// Eval runs a JavaScript expression in the page, waits for it if it is a promise,
// and decodes its JSON value into out, unless that is nil. The page's own policy
// and a switched-off JavaScript do not apply to it.
func (p *Page) Eval(expression string, out any) {
	p.t.Helper()
	if err := p.evaluate(expression, out); err != nil {
		p.t.Fatalf("browser: %v", err)
	}
}

func (p *Page) evaluate(expression string, out any) error {
	result := struct {
		Result           struct{ Value any }
		ExceptionDetails *exception
	}{}
	result.Result.Value = out
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	err := p.browser.conn.call(ctx, p.session, "Runtime.evaluate", map[string]any{
		"expression": expression, "returnByValue": true, "awaitPromise": true,
	}, &result)
	if err == nil && result.ExceptionDetails != nil {
		err = fmt.Errorf("%s: %s", expression, result.ExceptionDetails)
	}
	return err
}

// look evaluates what changes nothing, and does so again when the browser went on to
// another page meanwhile.
func (p *Page) look(expression string, out any) {
	p.t.Helper()
	var err error
	for range 100 {
		if err = p.evaluate(expression, out); err == nil {
			return
		}
		if !strings.Contains(err.Error(), "navigated") && !strings.Contains(err.Error(), "context was destroyed") && !strings.Contains(err.Error(), "find context") {
			break
		}
	}
	p.t.Fatalf("browser: %v", err)
}
