"""The walkthrough's CNN in Keras, for the comparisons."""

from tensorflow import keras
from tensorflow.keras import layers


def build_model(classes):
    """The walkthrough's CNN, as people write it."""
    model = keras.Sequential(
        [
            keras.Input((128, 128, 3)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Conv2D(128, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid")
            if classes == 2
            else layers.Dense(classes, activation="softmax"),
        ]
    )
    loss = "binary_crossentropy" if classes == 2 else "categorical_crossentropy"
    model.compile(optimizer="adam", loss=loss, metrics=["accuracy"])
    return model
