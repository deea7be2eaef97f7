"""The catalogue, icons, samples and translations. A package, so that they lie beside `core` wherever that is installed."""
