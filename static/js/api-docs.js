"use strict";
// Swagger UI from our own address, started without an inline script (strict CSP).
const place = document.getElementById("api-docs");
window.SwaggerUIBundle({
  url: place.dataset.spec,
  domNode: place,
  deepLinking: true,
  persistAuthorization: false,
  // Its list of servers has no label of its own.
  onComplete: () => document.getElementById("servers")?.setAttribute("aria-label", "Server"),
});
